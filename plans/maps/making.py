"""Networks that are to be made at the target: a row of the plan, and what is known of the source's network."""

from collections.abc import Iterator, Sequence

from mtv.converters.manifests.networks import loss
from mtv.model.estate import Network
from mtv.model.infrastructure import Switch
from mtv.model.plans import Making
from mtv.plans.files.schema import NetworkRow
from mtv.plans.maps import ANY

USUAL_MTU = 1500  # what is made without a word


def makings(
    rows: Sequence[NetworkRow], networks: Sequence[Network], switches: Sequence[Switch]
) -> Iterator[tuple[int, Making | None, str]]:
    """Of each row that makes one: its place, the network, or why it cannot be made."""
    for place, row in enumerate(rows):
        if row.make is None:
            continue
        made = _making(row, networks, switches)
        wrong = _wrong(row) or loss(made)
        yield place, None if wrong else made, wrong


def _wrong(row: NetworkRow) -> str:
    if row.from_ == ANY:
        return "a row that is made names one network"
    form = "udn" if row.make and row.make.kind == "udn" else "nad:NAMESPACE/NAME"
    if not row.to.startswith(form[:4]):
        return f"it is made as {row.make.kind if row.make else ''}: write `to: {form}`"
    return ""


def _making(row: NetworkRow, networks: Sequence[Network], switches: Sequence[Switch]) -> Making:
    assert row.make is not None
    alike = [one for one in networks if one.name == row.from_]
    vlans = sorted({one.vlan for one in alike if one.vlan})
    names = {one.switch for one in alike}
    sizes = {one.mtu for one in switches if one.name in names and one.mtu}
    mtu = row.make.mtu or (sizes.pop() if len(sizes) == 1 else None)
    return Making(
        of=row.from_, to=row.to, kind=row.make.kind, name=row.make.name, port=row.make.port,
        subnets=tuple(row.make.subnets), vlan=" or ".join(vlans), mtu=None if mtu == USUAL_MTU else mtu,
    )  # fmt: skip
