"""How Helm is run: what it gets, where secrets go, and what becomes of its errors. The program is the test's own."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from rehearsal.providers.kubernetes import helm
from rehearsal.providers.kubernetes.configuration import Kubeconfig
from rehearsal.providers.kubernetes.helm import Helm, HelmError

pytestmark = pytest.mark.mocked

RECORDER = """#!{python}
import json, os, stat, sys
kubeconfig = os.environ["KUBECONFIG"]
print(json.dumps({{
    "arguments": sys.argv[1:],
    "input": sys.stdin.read(),
    "kubeconfig": json.load(open(kubeconfig)),
    "mode": stat.S_IMODE(os.stat(kubeconfig).st_mode),
    "path": kubeconfig,
    "helm": {{name: value for name, value in os.environ.items() if name.startswith("HELM_")}},
}}))
if sys.argv[1] == "fail":
    print("level=WARN msg=ignored\\nError: it did not work", file=sys.stderr)
    sys.exit(1)
"""

KUBECONFIG = """
clusters:
- {name: c, cluster: {server: "https://c", certificate-authority: pki/ca.crt}}
- {name: d, cluster: {server: "https://d"}}
users: [{name: u, user: {client-key: pki/u.key, client-certificate: pki/u.crt}}]
contexts:
- {name: x, context: {cluster: c, user: u}}
- {name: y, context: {cluster: c, user: u}}
current-context: x
"""


class RecorderToolbox:
    """Has one program, which tells how it was run."""

    def __init__(self, directory: Path) -> None:
        """Write it."""
        self._program = directory / "recorder"
        self._program.write_text(RECORDER.format(python=sys.executable), encoding="utf-8")
        self._program.chmod(0o755)

    def program(self, name: str) -> Path:
        """The recorder, as Helm."""
        assert name == "helm"
        return self._program


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Helm:
    """Helm on a kubeconfig file with relative paths, one of its other contexts chosen."""
    toolbox = RecorderToolbox(tmp_path)
    monkeypatch.setattr(helm, "_tool", lambda _name: toolbox)
    monkeypatch.setenv("HELM_NAMESPACE", "of-the-user")
    (tmp_path / "config").write_text(KUBECONFIG, encoding="utf-8")
    return Helm(Kubeconfig.parse(str(tmp_path / "config"), context="y", cluster="d"), temporary=tmp_path)


def recorded(text: str) -> dict[str, Any]:
    """What the recorder told."""
    told: dict[str, Any] = json.loads(text)
    return told


def test_values_go_through_standard_input_and_never_the_command_line(runner: Helm) -> None:
    """Everyone on the machine can read a command line."""
    told = recorded(runner.run("upgrade", "a", values={"password": "hunter2"}))
    assert told["arguments"] == ["upgrade", "a", "--values", "-"]
    assert json.loads(told["input"]) == {"password": "hunter2"}


def test_the_kubeconfig_is_private_complete_and_gone_afterwards(runner: Helm, tmp_path: Path) -> None:
    """With the provider's context and cluster, and with paths that count from anywhere."""
    told = recorded(runner.run("list"))
    kubeconfig = told["kubeconfig"]
    assert told["mode"] == 0o600
    assert not tmp_path.joinpath(told["path"]).exists()
    assert kubeconfig["current-context"] == "chosen"
    assert kubeconfig["contexts"] == [{"name": "chosen", "context": {"cluster": "d", "user": "u"}}]
    assert kubeconfig["users"][0]["user"] == {
        "client-key": f"{tmp_path}/pki/u.key",
        "client-certificate": f"{tmp_path}/pki/u.crt",
    }
    assert kubeconfig["clusters"][0]["cluster"]["certificate-authority"] == f"{tmp_path}/pki/ca.crt"


def test_the_users_own_helm_is_left_alone(runner: Helm, tmp_path: Path) -> None:
    """Neither its settings nor its caches count."""
    told = recorded(runner.run("list"))
    assert set(told["helm"]) == {"HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"}
    assert all(value.startswith(str(tmp_path)) for value in told["helm"].values())


def test_helms_own_error_is_the_error(runner: Helm) -> None:
    """Without its warnings and its prefix."""
    with pytest.raises(HelmError) as caught:
        runner.run("fail")
    assert str(caught.value) == "it did not work"


def test_nothing_succeeds_after_the_user_gave_up(runner: Helm) -> None:
    """A run that ends after that isn't believed."""
    runner.cancel()
    with pytest.raises(HelmError, match="cancelled"):
        runner.run("list")
