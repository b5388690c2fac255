"""A guest's network as its own files tell it, whatever manages it."""

from mtv.converters.guest.files import GuestFiles
from mtv.model.guest import GuestNetwork


def read(files: GuestFiles) -> GuestNetwork:
    return GuestNetwork()
