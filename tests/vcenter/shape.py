"""What each VM of a rich estate is like. Everything follows from its number, so that a test knows what to expect."""

from dataclasses import dataclass
from uuid import UUID

GIB = 1 << 30
ODD_NAMES = ("50%25 off %2f", "line\nbreak", "rocket 🚀", "שרת בדיקה", "x" * 80, "twin", "twin", "=cmd|' /C calc'!A0")
GUESTS = (
    ("rhel8_64Guest", "Red Hat Enterprise Linux 8 (64-bit)", "linuxGuest"),
    ("rhel9_64Guest", "Red Hat Enterprise Linux 9 (64-bit)", "linuxGuest"),
    ("debian12_64Guest", "Debian GNU/Linux 12 (64-bit)", "linuxGuest"),
    ("ubuntu64Guest", "Ubuntu Linux (64-bit)", "linuxGuest"),
    ("windows2019srv_64Guest", "Microsoft Windows Server 2019 (64-bit)", "windowsGuest"),
    ("windows2022srvNext_64Guest", "Microsoft Windows Server 2025 (64-bit)", "windowsGuest"),
)


@dataclass(frozen=True)
class Home:
    """Where a VM lies."""

    host: str
    pool: str
    folder: str
    datastore: str
    datastore_name: str
    networks: tuple[tuple[str, str], ...]  # type and id of each


@dataclass(frozen=True)
class Shape:
    """What the VM of a number is like. The names of the first eight are odd."""

    number: int

    @property
    def id(self) -> str:
        return f"vm-{100_000 + self.number}"

    @property
    def name(self) -> str:
        return ODD_NAMES[self.number] if self.number < len(ODD_NAMES) else f"vm-{self.number:05d}"

    @property
    def disks(self) -> int:
        return 1 + self.number % 4

    @property
    def cards(self) -> int:
        return 1 + self.number % 3

    @property
    def on(self) -> bool:
        return self.number % 5 != 0 and not self.template

    @property
    def efi(self) -> bool:
        return self.number % 3 == 0

    @property
    def tpm(self) -> bool:
        return self.number % 30 == 0

    @property
    def tracked(self) -> bool:
        return self.number % 2 == 0

    @property
    def snapshots(self) -> int:
        return 2 if self.number % 10 == 3 else 0

    @property
    def template(self) -> bool:
        return self.number % 100 == 55

    @property
    def rdm(self) -> bool:
        """Its last disk is a raw device."""
        return self.number % 50 == 21

    @property
    def independent(self) -> bool:
        """Its first disk is left out of snapshots."""
        return self.number % 50 == 22

    @property
    def passthrough(self) -> bool:
        return self.number % 200 == 23

    @property
    def cpus(self) -> int:
        return 1 + self.number % 8

    @property
    def memory_mib(self) -> int:
        return 1024 * (1 + self.number % 16)

    @property
    def used_mhz(self) -> int:
        return 50 + self.number * 37 % 3000 if self.on else 0

    @property
    def used_mib(self) -> int:
        return self.memory_mib * (10 + self.number % 80) // 100 if self.on else 0

    def snapshot_at(self, level: int) -> str:
        """Those upon another are no older."""
        return f"{2024 + min(self.number // 10 % 3 + level, 2)}-0{1 + self.number // 10 % 9}-01T00:00:00Z"

    @property
    def guest(self) -> tuple[str, str, str]:
        return GUESTS[self.number % len(GUESTS)]

    @property
    def uuid(self) -> UUID:
        return UUID(int=0x4200_0000_0000_4000_8000_0000_0000_0000 + self.number)

    def disk_bytes(self, disk: int) -> int:
        return (20 + 10 * disk) * GIB

    def mac(self, card: int) -> str:
        return f"00:50:56:{self.number >> 8 & 255:02x}:{self.number & 255:02x}:{card:02x}"

    def address(self, card: int) -> str:
        return f"10.{self.number >> 8 & 255}.{self.number & 255}.{card + 5}"
