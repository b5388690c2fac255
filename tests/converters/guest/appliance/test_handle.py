"""What we call of libguestfs is there, under the names and with the arguments that we think."""

import inspect

import guestfs
import pytest

from mtv.converters.guest.appliance.handle import Handle

CALLS = [name for name in vars(Handle) if not name.startswith("_")]


@pytest.mark.parametrize("name", CALLS)
def test_libguestfs_has_it(name: str) -> None:
    ours = inspect.signature(getattr(Handle, name)).parameters
    theirs = inspect.signature(getattr(guestfs.GuestFS, name)).parameters
    assert set(ours) <= set(theirs) or len(ours) == len(theirs), (list(ours), list(theirs))
    assert all(part in theirs for part, one in ours.items() if one.kind is inspect.Parameter.KEYWORD_ONLY)
