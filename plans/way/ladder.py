"""What a guest that was started is judged by, rung by rung: it runs, its agent answers, it is who it was, and its cards
and addresses are those that were planned. A rung that nobody can tell is left out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mtv import codec
from mtv.converters import manifests
from mtv.converters.manifests.shape import shape
from mtv.model.estate import Facts, Json
from mtv.model.guest import GuestFacts
from mtv.plans.world import World


@dataclass(frozen=True)
class Rung:
    """`waits`: it may yet come by itself, as an address does."""

    name: str
    ok: bool
    text: str = ""  # what was found, and what was planned
    waits: bool = False


def rungs(world: World, told: Facts) -> list[Rung]:
    """From the lowest. `told` is what the target said of the guest."""
    return [*_runs(told), *_hostname(world, told), *_cards(world, told), *_addresses(world, told)]


def facts_of(found: Sequence[Rung]) -> Mapping[str, Json]:
    """For rows and receipts: yes, or what is wrong."""
    return {one.name: "yes" if one.ok else one.text for one in found}


def _runs(told: Facts) -> Iterator[Rung]:
    for name in ("running", "agent"):
        if isinstance(told.get(name), bool):
            yield Rung(name, told[name] is True, "no")


def _hostname(world: World, told: Facts) -> Iterator[Rung]:
    known, said = _guest(world).get("hostname"), told.get("hostname")
    if known and said:
        same = _short(known) == _short(said)
        yield Rung("hostname", same, f"its guest says that it is {said}, and was {known}")


def _cards(world: World, told: Facts) -> Iterator[Rung]:
    """By MAC: a guest numbers its cards in the order of its drivers."""
    seen = _interfaces(told)
    if seen is None:
        return
    network = world.history.of("convert") if world.history.of("convert").get("network") else world.history.of("inspect")
    planned = shape(world.plan, None, macs=manifests.macs_of(network)).nics
    there = {str(one.get("mac", "")).lower() for one in seen}
    gone = [f"{one.name} ({one.mac})" for one in planned if one.mac.lower() not in there]
    if planned:
        yield Rung("cards", not gone, f"its guest has no card {', '.join(gone)}")


def _addresses(world: World, told: Facts) -> Iterator[Rung]:
    """Those that the guest's own files fix, where they were kept."""
    seen, fixed = _interfaces(told), _fixed(world)
    if seen is None or not fixed or world.plan.guest.addresses == "leave":
        return
    found: set[str] = set()
    for one in seen:
        listed = one.get("addresses")
        found |= {str(address).partition("/")[0] for address in listed} if isinstance(listed, list) else set()
    missing = sorted(fixed - found)
    yield Rung("addresses", not missing, f"its guest has not the address {', '.join(missing)}", waits=True)


def _fixed(world: World) -> set[str]:
    told = _guest(world)
    if told.get("family") != "linux":
        return set()
    interfaces = codec.load(GuestFacts, dict(told)).network.interfaces
    kept = [one for one in interfaces if one.method == "static" and one.kind != "loopback"]
    return {address.partition("/")[0] for one in kept for address in one.addresses}


def _guest(world: World) -> Facts:
    """As conversion or inspection found it."""
    found = world.history.of("convert").get("guest") or world.history.of("inspect").get("guest")
    return found if isinstance(found, dict) else {}


def _interfaces(told: Facts) -> list[Facts] | None:
    found = told.get("interfaces")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else None


def _short(hostname: Json) -> str:
    """An agent may add the domain, and Windows knows no case."""
    return str(hostname).partition(".")[0].lower()
