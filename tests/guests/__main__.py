"""`python -m tests.guests NAME`: build a guest's OVA and print its path; the demo and the benchmarks use it."""

import argparse

from tests.guests.guests import debian_guest, phony_guest
from tests.guests.ova import guest_ova


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.guests", description=__doc__)
    parser.add_argument("guest", choices=["debian", "fit-debian", "phony-debian", "phony-rhel", "phony-windows"])
    parser.add_argument("--disks", action="store_true", help="print the raw disks instead")
    given = parser.parse_args()
    match given.guest:
        case "debian":
            guest = debian_guest("vmware")
        case "fit-debian":
            guest = debian_guest("virtio")
        case phony:
            guest = phony_guest(phony.removeprefix("phony-"))
    for path in guest.disks if given.disks else (guest_ova(guest),):
        print(path)


if __name__ == "__main__":
    main()
