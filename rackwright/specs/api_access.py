"""Who may reach the Kubernetes API from outside of the cluster's network, and by which way."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, PlainSerializer, StringConstraints, model_validator

from rackwright.specs.base import DRG_ID_PATTERN, Cidr, Spec, refuse

ANYWHERE: Literal["anywhere"] = "anywhere"
"""The word for the whole Internet. `0.0.0.0/0` is too easily written by mistake, so it is refused."""

EVERY_ADDRESS = IPv4Network("0.0.0.0/0")

WayIn = Literal["public", "bastion", "peered", "inside"]


def _every_address_for_the_word(value: Any) -> Any:  # noqa: ANN401  # what a document holds
    return EVERY_ADDRESS if value == ANYWHERE else value


def _word_for_every_address(value: IPv4Network) -> str:
    return ANYWHERE if value == EVERY_ADDRESS else str(value)


PublicRange = Annotated[
    IPv4Network,
    BeforeValidator(_every_address_for_the_word),
    PlainSerializer(_word_for_every_address, return_type=str),
]
"""A range of the Internet, or the word `anywhere`."""


class ApiAccess(Spec):
    """The way to the Kubernetes API for those who aren't on the cluster's hosts.

    Whether there is a public address is decided when the cluster is made: Oracle can't move its endpoint.
    """

    way_in: WayIn
    """How those who run `rackwright` and `kubectl` get there. `public`: the API has a public address too, for
    `public_from` alone; `bastion`: Oracle's Bastion service tunnels to the private address for who comes from
    `public_from`; `peered`: `private_from` are networks beyond the gateway `drg_id`; `inside`: they work on a host of
    the network, whose address is in `private_from`."""
    public_from: tuple[PublicRange, ...] = ()
    """Ranges of the Internet that are let in by `public` or `bastion`; all of it is the word `anywhere`."""
    private_from: tuple[Cidr, ...] = ()
    """Private ranges that may reach the API's private address."""
    drg_id: Annotated[str, StringConstraints(pattern=DRG_ID_PATTERN)] | None = None
    """For `peered`: the dynamic routing gateway that the network is joined to; behind it is `private_from`."""

    @model_validator(mode="before")
    @classmethod
    def _names_everybody_by_the_word(cls, document: Any) -> Any:  # noqa: ANN401  # what a document holds
        written = document.get("public_from") if isinstance(document, dict) else None
        for index, value in enumerate(written if isinstance(written, list | tuple) else ()):
            if str(value) == str(EVERY_ADDRESS) and not isinstance(value, IPv4Network):
                refuse(
                    field=f"public_from.{index}",
                    value=value,
                    expected="the ranges of those who work with the cluster",
                    remedy=f"name them, or write the word {ANYWHERE} if the whole Internet shall reach the API",
                )
        return document

    @model_validator(mode="after")
    def _has_what_its_way_needs(self) -> Self:
        if self.way_in in ("public", "bastion"):
            if not self.public_from:
                self._refuse_missing("public_from", "add your own range, such as 203.0.113.0/24")
        else:
            if not self.private_from:
                self._refuse_missing("private_from", "add the range of the network or host that you work from")
            if self.public_from:
                refuse(
                    field="public_from",
                    value=[_word_for_every_address(each) for each in self.public_from],
                    expected=f"none with way_in: {self.way_in}, by which nobody comes from the Internet",
                    remedy="remove it, or choose the way_in public or bastion",
                )
        if self.way_in == "peered" and self.drg_id is None:
            self._refuse_missing("drg_id", "add the dynamic routing gateway's identifier, ocid1.drg…")
        for index, block in enumerate(self.private_from):
            if block == EVERY_ADDRESS:
                refuse(
                    field=f"private_from.{index}",
                    value=str(block),
                    expected="the ranges of the networks or hosts that one works from",
                    remedy="name them, such as 10.0.0.0/16",
                )
        return self

    def _refuse_missing(self, field: str, remedy: str) -> None:
        refuse(field=field, value=None, expected=f"it, as way_in is {self.way_in}", remedy=remedy)

    @property
    def has_public_endpoint(self) -> bool:
        """Whether the API has a public address beside its private one."""
        return self.way_in == "public"

    @property
    def api_ranges(self) -> tuple[IPv4Network, ...]:
        """The ranges that reach the API itself; a Bastion's clients reach the Bastion."""
        return (*(self.public_from if self.has_public_endpoint else ()), *self.private_from)
