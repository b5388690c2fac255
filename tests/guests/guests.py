"""The guests, each built once: what its disks are, and what is known of it without looking."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.guests import cache

RECIPES = Path(__file__).with_name("recipes")
MOUNTING = ("phony-windows",)

Flavour = Literal["vmware", "virtio"]
Phony = Literal["debian", "rhel", "windows"]


@dataclass(frozen=True, kw_only=True)
class Guest:
    """Raw disks in the firmware's order; they are shared by all tests: read them, or work on an overlay or a copy."""

    name: str
    disks: tuple[Path, ...]
    hostname: str
    os_id: str  # VMware's word
    os_number: int  # CIM's
    interface: str = "ens192"
    address: str = ""
    gateway: str = ""
    mac: str = "00:50:56:0a:0b:0c"
    pci_slot: int = 192  # VMware's; the guest's kernel makes ens192 of it
    mounts: Mapping[str, str] | None = None  # mount point -> file system's UUID


def debian_guest(flavour: Flavour = "vmware") -> Guest:
    """A real Debian 12 with two disks. `vmware` has only VMware's controller in its initramfs and boots on nothing
    else; `virtio` is fit for KVM as it is. First time 40 s (the packages), later 3 s, cached none."""
    recipe = RECIPES / "debian-disks"
    tar = debian_tar()
    home = cache.kept(
        f"debian-{flavour}",
        (recipe, RECIPES / "disk.sh", tar.parent.name),
        lambda out: _build(recipe, str(tar), str(out), flavour),
    )
    return Guest(
        name="finance-db01",
        disks=(home / "disk0.raw", home / "disk1.raw"),
        hostname="finance-db01",
        os_id="debian12_64Guest",
        os_number=96,
        address="192.0.2.10/24",
        gateway="192.0.2.1",
        mounts={
            "/": "6d747601-0000-4000-8000-000000000001",
            "/srv/data": "6d747602-0000-4000-8000-000000000002",
        },
    )


def debian_tar() -> Path:
    recipe = RECIPES / "debian-tar"
    home = cache.kept(
        "debian-tar",
        (recipe, RECIPES / "debian-tree"),
        lambda out: _run([str(recipe), str(out / "root.tar")]),  # mmdebstrap makes its own namespace
    )
    return home / "root.tar"


def phony_guest(kind: Phony) -> Guest:
    """Megabytes that inspect and convert as the real system would, in under a second."""
    recipe = RECIPES / f"phony-{kind}"
    parts = (recipe, RECIPES / "phony.sh", RECIPES / "disk.sh", Path(__file__).with_name("windows.py"))
    home = cache.kept(f"phony-{kind}", parts, lambda out: _build(recipe, str(out)))
    hostname, os_id, os_number = {
        "debian": ("phony-debian", "debian12_64Guest", 96),
        "rhel": ("phony-rhel9", "rhel9_64Guest", 80),
        "windows": ("PHONY-WIN", "windows2019srv_64Guest", 112),
    }[kind]
    return Guest(name=f"phony-{kind}", disks=(home / "disk0.raw",), hostname=hostname, os_id=os_id, os_number=os_number)


def _build(recipe: Path, *arguments: str) -> None:
    """As root, or as the root of a user namespace: files get a guest's owners either way. Only what mounts asks for a
    mount namespace, which cannot be had where the root is no mount point (a plain chroot)."""
    own = [] if os.geteuid() == 0 else ["--map-root-user", "--map-auto"]
    if own or recipe.name in MOUNTING:
        own = ["unshare", "--mount", *own]
    _run([*own, str(recipe), *arguments])


def _run(argv: list[str]) -> None:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{argv[0]} ended with status {done.returncode}:\n{done.stderr[-4000:]}")
