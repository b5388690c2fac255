"""`python -m tests.guests NAME`: build a guest's OVA, or all of them, and print its path."""

import argparse
from collections.abc import Callable

from tests.guests.guests import Guest, debian_guest, phony_guest
from tests.guests.ova import guest_ova

GUESTS: dict[str, Callable[[], Guest]] = {
    "debian": lambda: debian_guest("vmware"),
    "fit-debian": lambda: debian_guest("virtio"),
    "phony-debian": lambda: phony_guest("debian"),
    "phony-rhel": lambda: phony_guest("rhel"),
    "phony-windows": lambda: phony_guest("windows"),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.guests", description=__doc__)
    parser.add_argument("guest", choices=[*GUESTS, "all"])
    parser.add_argument("--disks", action="store_true", help="print the raw disks instead")
    given = parser.parse_args()
    for name in GUESTS if given.guest == "all" else (given.guest,):
        guest = GUESTS[name]()
        for path in guest.disks if given.disks else (guest_ova(guest),):
            print(path)


if __name__ == "__main__":
    main()
