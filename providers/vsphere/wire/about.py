"""What a server says of itself before anybody logs in."""

from collections.abc import Mapping
from dataclasses import dataclass

from mtv.errors import MtvError
from mtv.providers.vsphere.wire.address import Address
from mtv.providers.vsphere.wire.answer import VIM, Element
from mtv.providers.vsphere.wire.soap import Ref

NEWEST = (8, 0, 3, 0)  # newer servers answer this version too


@dataclass(frozen=True, kw_only=True)
class About:
    """What the server says of itself before anybody logs in. `managers` are its singletons, by their property."""

    name: str
    version: str
    build: str
    api: str
    is_vcenter: bool
    instance: str
    managers: Mapping[str, Ref]


def read_about(content: Element, address: Address) -> About:
    found = content.find(f"{VIM}returnval")
    if found is None or (about := found.find(f"{VIM}about")) is None:
        raise MtvError("vsphere.no-soap", f"{address} answers, but not as a vCenter", "is the port right?")
    told = {str(one.tag).removeprefix(VIM): (one.text or "").strip() for one in about}
    refs = [one for one in found if one.get("type")]
    managers = {str(one.tag).removeprefix(VIM): Ref(one.get("type", ""), one.text or "") for one in refs}
    return About(
        name=told.get("fullName", ""), version=told.get("version", ""), build=told.get("build", ""),
        api=_spoken(told.get("apiVersion", "")), is_vcenter=told.get("apiType") == "VirtualCenter",
        instance=told.get("instanceUuid", ""), managers=managers,
    )  # fmt: skip


def _spoken(told: str) -> str:
    """The API version to ask for: the server's own, or the newest that we know."""
    try:
        numbers = tuple(int(one) for one in told.split("."))
    except ValueError:
        return "6.7"
    return told if numbers <= NEWEST else ".".join(map(str, NEWEST))
