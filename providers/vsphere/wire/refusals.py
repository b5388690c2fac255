"""An account that is not let in, in our words."""

from mtv.errors import CheckFailed
from mtv.providers.vsphere.wire.address import Address


def refused(address: Address, user: str) -> CheckFailed:
    return CheckFailed(
        "vsphere.password", f"{address} refused the password of {user}; it is not tried again",
        "give another one with --secret; after a few wrong ones accounts are locked for some minutes",
    )  # fmt: skip


def nobody(address: Address, user: str) -> CheckFailed:
    return CheckFailed(
        "vsphere.permission", f"{user} has no permission at all at {address}",
        "`mtv describe role --kind vsphere` says what to grant",
    )  # fmt: skip
