"""Inspection and conversion for real: phony guests of a few megabytes in the appliance, with both versions of the
tools."""

import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from mtv import process
from mtv.converters.guest.convert import LOG_KEPT_BYTES
from mtv.converters.guest.inspect import FOLDER, inspect
from mtv.model.estate import Nic
from mtv.model.plans import GuestChoice, GuestKey
from mtv.model.tasks import GUEST_KEY_FILE
from tests.converters.guest.child import command, run, started
from tests.converters.guest.parts import Bench
from tests.guests.guests import Guest

pytestmark = [pytest.mark.appliance, pytest.mark.slow]

RULES = "/etc/udev/rules.d/70-persistent-net.rules"  # of a system without systemd, as the phony ones are
PARTITION = 1 << 20  # of every guest here


def bench_of(folder: Path, *guests: Guest) -> Bench:
    first = guests[0]
    nic = Nic(key="n0", mac=first.mac, model="vmxnet3", pci_slot=first.pci_slot)
    return Bench(folder, [disk for guest in guests for disk in guest.disks], (nic,))


def in_guest(disk: str, request: str) -> str:
    """debugfs: what a disk's file system holds, without mounting it."""
    done = subprocess.run(["debugfs", "-R", request, f"{disk}?offset={PARTITION}"], capture_output=True, text=True)
    return done.stdout


def digests(bench: Bench) -> list[str]:
    argv = ["sha256sum", *(str(source) for source in bench.sources)]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split("\n")


@pytest.fixture
def virtio_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Drivers for Windows, as virtio-win lays them out, without content."""
    for driver in ("viostor", "NetKVM", "vioscsi", "Balloon"):
        folder = tmp_path / "virtio-win" / driver / "2k19/amd64"
        folder.mkdir(parents=True)
        for ending in ("inf", "sys", "cat"):
            (folder / f"{driver.lower()}.{ending}").write_text("stand-in")
    monkeypatch.setenv("VIRTIO_WIN", str(tmp_path / "virtio-win"))
    return tmp_path / "virtio-win"


def starts(text: str) -> int:
    """How many appliances came up, by libguestfs's own trace."""
    return len(re.findall(r"^libguestfs: trace:(?: \S+:)? launch = 0$", text, re.MULTILINE))


def test_an_enterprise_linux_with_the_tools_roots_tools(
    phony_rhel: Guest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A full conversion of what does not change takes two starts of the appliance."""
    monkeypatch.setenv("LIBGUESTFS_TRACE", "1")
    bench = bench_of(tmp_path, phony_rhel)
    before = digests(bench)
    choice = GuestChoice(agent="none")
    seen = run("inspect", bench, choice)["facts"]
    assert starts(capfd.readouterr().err) == 1
    assert digests(bench) == before
    guest = seen["guest"]
    assert (guest["distro"], guest["major"], guest["hostname"]) == ("rhel", 9, phony_rhel.hostname)
    assert guest["network"]["interfaces"][0]["addresses"] == ["192.0.2.20/24"]
    assert seen["conversion"]["mode"] == "full"
    assert seen["conversion"]["refusals"] == []
    assert f"+++ b{RULES}" in seen["network"]["diff"]
    bench.copy()
    facts = run("convert", bench, choice)["facts"]
    log = (bench.scratch / FOLDER / "virt-v2v.log").read_bytes()
    kept = log[-LOG_KEPT_BYTES:].decode(errors="replace")  # which was told again
    assert starts(log.decode(errors="replace")) == 1
    assert starts(capfd.readouterr().err.replace(kept, "")) == 0
    assert facts["tools"]["virt-v2v"] >= "2.6"
    assert facts["seconds"]["inspect"] == 0  # the inspection's overlay was taken
    assert digests(bench) == before
    disk = bench.volume(0).path
    called = in_guest(disk, "cat /tmp/phony.log")
    assert "--add-drivers" in called
    assert "virtio_blk" in called
    assert phony_rhel.mac in in_guest(disk, f"cat {RULES}")
    assert "install-qga" not in in_guest(disk, "ls /usr/lib/virt-sysprep/scripts")
    assert facts["handed_over"]["disk0"]["data_bytes"] > 0
    assert not list((bench.scratch / FOLDER).glob("*.qcow2"))


def test_windows_whose_conversion_is_killed_with_the_hosts_tools(
    phony_windows: Guest, virtio_win: Path, tmp_path: Path
) -> None:
    bench = bench_of(tmp_path / "bench", phony_windows)
    seen = run("inspect", bench)["facts"]
    assert (seen["guest"]["family"], seen["guest"]["hostname"]) == ("windows", phony_windows.hostname)
    assert seen["guest"]["drivers"] == []
    assert [concern["id"] for concern in seen["concerns"]] == ["guest.windows-addresses"]
    bench.copy()
    kill_while_converting(bench)
    assert bench.contents() == [disk.read_bytes() for disk in phony_windows.disks]
    facts = run("convert", bench, in_root=False)["facts"]
    assert facts["mode"] == "full"
    assert "This guest has virtio drivers installed." in facts["messages"]
    converted = Path(bench.volume(0).path).read_bytes()
    assert "viostor.sys".encode("utf-16le") in converted


def kill_while_converting(bench: Bench) -> None:
    with started(command("convert", bench, GuestChoice(), in_root=False)) as child:
        assert child.stdout
        until = time.monotonic() + 60
        while not any("qemu-nbd" in words for words in users_of(bench.folder)):  # they hold the disks' locks
            assert time.monotonic() < until
            time.sleep(0.05)
        child.send_signal(signal.SIGKILL)
        child.wait()
    until = time.monotonic() + 20
    while (left := users_of(bench.folder)) and time.monotonic() < until:
        time.sleep(0.05)
    assert left == []


def users_of(folder: Path) -> list[str]:
    """Processes that name that folder in their words, or have a file of it open."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        if int(entry.name) == os.getpid():
            continue
        try:
            words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            files = [os.readlink(one) for one in (entry / "fd").iterdir()]
        except OSError:
            continue  # it has just ended
        if str(folder) in words or any(one.startswith(str(folder)) for one in files):
            found.append(words)
    return found


def refusals(bench: Bench) -> dict[str, Any]:
    facts = json.loads(json.dumps(inspect(bench.job("inspect"))))
    assert not list((bench.scratch / FOLDER).glob("*.qcow2"))
    return dict(facts["conversion"])


def test_a_disk_without_a_system_is_refused(tmp_path: Path) -> None:
    disk = tmp_path / "data.raw"
    disk.touch()
    os.truncate(disk, 16 << 20)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", str(disk)], check=True)
    told = refusals(Bench(tmp_path, [disk]))
    assert told["codes"] == ["guest.no-os"]
    assert "conversion: none" in told["refusals"][0]


def test_a_root_file_system_that_was_not_unmounted_is_refused(phony_debian: Guest, tmp_path: Path) -> None:
    disk = tmp_path / "dirty.raw"
    shutil.copyfile(phony_debian.disks[0], disk)
    subprocess.run(
        ["debugfs", "-w", "-R", "ssv state 0", f"{disk}?offset={PARTITION}"], check=True, capture_output=True
    )
    told = refusals(Bench(tmp_path, [disk]))
    assert told["codes"] == ["guest.filesystem"]
    assert "/dev/sda1 (/) was not left in order" in told["refusals"][0]


SECRET = "a-key-that-nobody-sees"


@pytest.fixture
def locked(phony_debian: Guest, tmp_path: Path) -> Path:
    """A Debian's root on LUKS, with a pipe where resolv.conf should be: who opens that waits for ever."""
    plain, disk = tmp_path / "plain.raw", tmp_path / "locked.raw"
    with phony_debian.disks[0].open("rb") as file:
        file.seek(PARTITION)
        plain.write_bytes(file.read())
    requests = "cd /etc\nmknod resolv.conf p\n"
    subprocess.run(["debugfs", "-w", "-f", "-", plain], input=requests, text=True, check=True, capture_output=True)
    told = subprocess.run(["debugfs", "-R", "stat /etc/resolv.conf", plain], capture_output=True, text=True).stdout
    assert "Type: FIFO" in told
    (tmp_path / "key").write_text(SECRET)
    argv = ["qemu-img", "convert", "-O", "luks", "--object", f"secret,id=key,file={tmp_path / 'key'}"]
    for _ in range(20):  # it measures how fast it hashes, and gives up where the clock of the CPU stood still meanwhile
        done = subprocess.run([*argv, "-o", "key-secret=key,iter-time=10", plain, disk], capture_output=True, text=True)
        if "accurate CPU usage" not in done.stderr:
            break
    assert done.returncode == 0, done.stderr
    plain.unlink()
    return disk


def test_a_system_on_luks_is_opened_with_its_key_which_nobody_sees(locked: Path, tmp_path: Path) -> None:
    nic = Nic(key="n0", mac="00:50:56:0a:0b:0c", model="vmxnet3", pci_slot=192)
    bench = Bench(tmp_path / "bench", [locked], (nic,))
    job = bench.job(
        "inspect", GuestChoice(conversion="network", keys=(GuestKey(device="/dev/sda", secret="file:key"),))
    )
    secrets = job.folder / "secrets"
    secrets.mkdir()
    (secrets / GUEST_KEY_FILE.format(0)).write_text(f"{SECRET}\n")
    with words_of_children() as words:
        facts = json.loads(json.dumps(inspect(job)))
    assert facts["conversion"]["refusals"] == []
    assert facts["guest"]["luks"] == []
    assert facts["guest"]["hostname"] == "phony-debian"
    assert facts["network"]["names"] == {"n0": "ens192"}
    assert any("qemu-system" in one for one in words)
    assert [one for one in words if SECRET in one] == []
    left = [path for path in bench.folder.rglob("*") if path.is_file() and secrets not in path.parents]
    assert len(left) >= 2  # what was written, and what was found
    assert [path for path in left if SECRET.encode() in path.read_bytes()] == []


@contextmanager
def words_of_children() -> Iterator[set[str]]:
    """The command lines of all that this process starts, looked at until the end."""
    seen: set[str] = set()
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.2):
            for pid in process.descendants(os.getpid()):
                with suppress(OSError):
                    seen.add(Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()
