"""Oracle's kubeconfig, which gets its tokens from the program `oci`: as whom, and through which port."""

from __future__ import annotations

import configparser
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

AUTHENTICATION = {
    "APIKey": "api_key",
    "ApiKey": "api_key",
    "InstancePrincipal": "instance_principal",
    "ResourcePrincipal": "resource_principal",
    "SecurityToken": "security_token",
}
"""By the word of Pulumi's provider for Oracle (`oci:auth`), that of the program `oci` (`--auth`)."""


@dataclass(frozen=True, kw_only=True)
class Identity:
    """As whom the program `oci` speaks to Oracle; what isn't set is its own default."""

    profile: str | None = None
    """A section of its configuration."""
    config_file: str | None = None
    """Its configuration, where that isn't `~/.oci/config`."""
    authentication: str | None = None
    """How it proves who it is (`--auth`), where that isn't by the profile's key."""

    @classmethod
    def of(cls, settings: Callable[[str], str | None], environment: Mapping[str, str]) -> Identity:
        """What Pulumi's settings for Oracle say (`oci:configFileProfile`, `oci:auth`), else the environment of `oci`.

        A word for `oci:auth` that `oci` has no counterpart of is passed on as it is, for `oci` to refuse.
        """
        auth = settings("auth")
        return cls(
            profile=settings("configFileProfile") or environment.get("OCI_CLI_PROFILE"),
            config_file=environment.get("OCI_CLI_CONFIG_FILE"),
            authentication=AUTHENTICATION.get(auth, auth) if auth else environment.get("OCI_CLI_AUTH"),
        )

    def complaint(self, home: Path) -> str | None:
        """Why the program `oci` wouldn't find the profile that is named; None where it would, or none is named."""
        if self.profile is None:
            return None
        path = Path(self.config_file) if self.config_file else home / ".oci" / "config"
        sections = configparser.ConfigParser(interpolation=None)
        if not sections.read(path.expanduser()):
            return f"the profile {self.profile} of the program `oci` is asked for, and there is no {path}"
        if self.profile != configparser.DEFAULTSECT and not sections.has_section(self.profile):
            there = ", ".join([configparser.DEFAULTSECT, *sections.sections()])
            return f"{path} has no profile {self.profile}: there are {there}; name one of them, or add it"
        return None

    def options(self) -> list[str]:
        """The options of `oci` that say so."""
        given = {"--profile": self.profile, "--config-file": self.config_file, "--auth": self.authentication}
        return [part for option, value in given.items() if value for part in (option, value)]


def with_identity(kubeconfig: str, identity: Identity) -> str:
    """The kubeconfig, whose tokens come as that identity whatever the shell says that uses it."""

    def name(document: dict[str, Any]) -> None:
        for entry in document.get("users", ()):
            if program := entry["user"].get("exec"):
                program["args"] = [*program["args"], *identity.options()]

    return _changed(kubeconfig, name)


def for_tunnel(kubeconfig: str, *, port: int) -> str:
    """The kubeconfig through a port of one's own machine; the API's certificate is still asked for its own address."""

    def turn(document: dict[str, Any]) -> None:
        for entry in document["clusters"]:
            cluster = entry["cluster"]
            cluster["tls-server-name"] = urlsplit(cluster["server"]).hostname
            cluster["server"] = f"https://127.0.0.1:{port}"

    return _changed(kubeconfig, turn)


def server(kubeconfig: str) -> str:
    """The URL of a kubeconfig's first cluster."""
    return str(yaml.safe_load(kubeconfig)["clusters"][0]["cluster"]["server"])


def _changed(kubeconfig: str, change: Callable[[dict[str, Any]], None]) -> str:
    document = yaml.safe_load(kubeconfig)
    document["kind"] = "Config"  # Oracle leaves it empty, and some clients mind
    change(document)
    text: str = yaml.safe_dump(document, sort_keys=False)
    return text
