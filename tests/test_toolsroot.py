"""Entering the tools root: what is seen inside, what is not, and how it ends."""

import hashlib
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mtv import toolsroot
from mtv.errors import MtvError
from mtv.settings import settings
from mtv.verbs.doctor import TOOLS_ROOT_PARTS

TREE = Path(__file__).parents[1]
SCRIPT = TREE / "scripts/tools-root"


@pytest.fixture
def root() -> None:
    if not toolsroot.available():
        pytest.fail("there is no tools root: run scripts/tools-root")


def inside(
    argv: Sequence[str],
    reads: Sequence[Path] = (),
    writes: Sequence[Path] = (),
    places: Mapping[Path, str] | None = None,
    network: bool = False,
) -> subprocess.CompletedProcess[str]:
    command = toolsroot.command(argv, reads=reads, writes=writes, places=places, network=network)
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(
    ("version", "needed"), [(None, True), ((2, 2), True), ((2, 5), True), ((2, 6), False), ((3, 0), False)]
)
def test_it_is_needed_where_the_hosts_tools_are_older(
    monkeypatch: pytest.MonkeyPatch, version: tuple[int, int] | None, needed: bool
) -> None:
    monkeypatch.setattr(toolsroot, "host_version", lambda: version)
    assert toolsroot.needed() is needed


def test_without_one_the_way_to_get_it_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MTV_TOOLS_ROOT", str(tmp_path))
    assert not toolsroot.available()
    with pytest.raises(MtvError) as caught:
        toolsroot.command(["true"])
    assert (caught.value.fault.code, caught.value.fault.hint) == ("tools-root.missing", "run scripts/tools-root")


def test_newer_tools_and_this_very_tree_are_inside(root: None) -> None:
    program = """
import sys, guestfs, nbd
from mtv import kvm, providers, toolsroot
print(toolsroot.host_version() >= (2, 6), toolsroot.needed(), sys.version_info >= (3, 12))
print("ova" in providers.kinds("sources"))
"""
    done = inside([sys.executable, "-c", program])
    assert done.stdout.split() == ["True", "False", "True", "True"], done.stderr


def test_many_threads_may_enter_it_at_the_same_time(
    root: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MTV_TOOLS_ROOT", str(settings().tools_root))
    monkeypatch.setattr(toolsroot, "kvm_works", lambda: False)
    for turn in range(5):
        monkeypatch.setenv("MTV_CACHE", str(tmp_path / str(turn)))
        with ThreadPoolExecutor(16) as threads:
            list(threads.map(lambda _: toolsroot.command(["true"]), range(64)))
        found = sorted(path.name for path in (tmp_path / str(turn) / "tools-root-var/metadata").iterdir())
        assert found == ["METADATA", "entry_points.txt"]


def test_only_what_was_named_is_seen_and_only_what_may_be_written(root: None, tmp_path: Path) -> None:
    for name in ("read", "write", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    (tmp_path / "read/inner").mkdir()
    program = f"""
cd {tmp_path}; ls; cat read/file write/file
echo new > read/new; echo new > write/new; echo new > read/inner/new; echo new > /usr/new; ls /root /home
"""
    reads, writes = [tmp_path / "read"], [tmp_path / "read/inner", tmp_path / "write"]
    done = inside(["sh", "-c", program], reads=reads, writes=writes)
    assert done.stdout.split() == ["read", "write", "readwrite"]
    assert sorted(path.name for path in tmp_path.rglob("new")) == ["new", "new"]
    assert (tmp_path / "write/new").exists()
    assert (tmp_path / "read/inner/new").exists()
    assert done.stderr.count("Read-only file system") == 2


def test_it_has_no_network_and_little_environment(root: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_PASSWORD", "hunter2")
    monkeypatch.setenv("MTV_WORDS", "kept")
    done = inside(["sh", "-c", "cat /proc/net/route; env"])
    assert "hunter2" not in done.stdout
    assert "MTV_WORDS=kept" in done.stdout
    assert len([line for line in done.stdout.splitlines() if line.startswith(("eth", "en"))]) == 0
    assert "LIBGUESTFS_BACKEND=direct" in done.stdout


def test_term_lets_the_program_end_of_itself(root: None, tmp_path: Path) -> None:
    program = """
import pathlib, signal, sys
folder = pathlib.Path(sys.argv[1])
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
(folder / "ready").touch()
signal.sigwait({signal.SIGTERM})
(folder / "flushed").touch()
sys.exit(7)
"""
    argv = toolsroot.command([sys.executable, "-c", program, str(tmp_path)], writes=[tmp_path])
    with subprocess.Popen(argv, start_new_session=True) as child:
        wait_for(tmp_path / "ready")
        os.killpg(child.pid, signal.SIGTERM)
        assert child.wait(20) == 7
    assert (tmp_path / "flushed").exists()


def test_nothing_outlives_it(root: None, tmp_path: Path) -> None:
    """Not even what put itself into a session of its own, as qemu-nbd does."""
    mark = f"{tmp_path}/outlives"
    program = f"setsid sh -c 'touch ready; exec sleep 300 # {mark}' & wait"
    argv = toolsroot.command(["sh", "-c", f"cd {tmp_path}; {program}"], writes=[tmp_path])
    child = subprocess.Popen(argv, start_new_session=True)
    wait_for(tmp_path / "ready")
    child.kill()
    child.wait()
    until = time.monotonic() + 10
    while (left := with_words(mark)) and time.monotonic() < until:
        time.sleep(0.01)
    assert left == []


def with_words(words: str) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if words.encode() in entry.read_bytes() and int(entry.parent.name) != os.getpid():
                found.append(int(entry.parent.name))
        except OSError:
            continue  # it has just ended
    return found


def wait_for(path: Path) -> None:
    until = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.mark.parametrize(("works", "told"), [(True, ""), (False, "force_tcg")])
def test_whether_kvm_works_is_not_asked_anew_inside(
    root: None, monkeypatch: pytest.MonkeyPatch, works: bool, told: str
) -> None:
    monkeypatch.setattr(toolsroot, "kvm_works", lambda: works)
    program = """
from mtv.converters.guest.appliance import session
session.kvm_works = lambda: 1 / 0
print(dict(session.environment())["LIBGUESTFS_BACKEND_SETTINGS"] + ".")
"""
    done = inside([sys.executable, "-c", program])
    assert done.stdout == f"{told}.\n", done.stderr


def test_its_appliance_starts_quickly(root: None) -> None:
    """A kernel that is not packed, and none of the rules that no disk needs."""
    program = "head -c 4 /mtv/appliance/kernel; debugfs -R 'ls -l /etc/udev/rules.d' /mtv/appliance/root 2> /dev/null"
    done = inside(["bash", "-c", program])
    assert done.stdout.startswith("\x7fELF"), done.stderr
    assert "60-cdrom_id.rules" in done.stdout
    assert "99-guestfs-serial.rules" in done.stdout


KERNEL = b"\x7fELF" + bytes(range(256)) * 64


def packed(payload: bytes) -> bytes:
    """A bzImage of version 2.15 with one setup sector, as docs.kernel.org/arch/x86/boot.html has it."""
    image = bytearray(4096)
    image[0x1F1], image[0x202:0x206] = 1, b"HdrS"
    struct.pack_into("<H", image, 0x206, 0x20F)
    struct.pack_into("<II", image, 0x248, 4096 - 1024, len(payload) + 4)
    return bytes(image) + payload + struct.pack("<I", len(KERNEL)) + b"what follows"


@pytest.mark.parametrize("packer", [["zstd", "-cq"], ["lz4", "-lcq"], ["xz", "-cq", "--check=crc32"]])
def test_a_kernel_is_unpacked_in_its_place(root: None, tmp_path: Path, packer: list[str]) -> None:
    plain, image = tmp_path / "plain", tmp_path / "kernel"
    plain.write_bytes(KERNEL)
    with (tmp_path / "payload").open("wb") as payload:
        subprocess.run(toolsroot.command([*packer, str(plain)], reads=[tmp_path]), stdout=payload, check=True)
    image.write_bytes(packed((tmp_path / "payload").read_bytes()))
    script = SCRIPT.with_name("unpacked-kernel")
    done = inside(["sh", str(script), str(image)], reads=[script], writes=[tmp_path])
    assert (done.returncode, done.stderr) == (0, "")
    assert image.read_bytes() == KERNEL


@pytest.mark.parametrize("payload", [b"\x1f\x8b\x08\x00 unknown", b"\x28\xb5\x2f\xfd damaged"])
def test_a_kernel_that_cannot_be_unpacked_is_left_as_it_is(root: None, tmp_path: Path, payload: bytes) -> None:
    image, script = tmp_path / "kernel", SCRIPT.with_name("unpacked-kernel")
    image.write_bytes(packed(payload))
    done = inside(["sh", str(script), str(image)], reads=[script], writes=[tmp_path])
    assert done.returncode == 0
    assert f"unpacked-kernel: {image}" in done.stderr
    assert image.read_bytes() == packed(payload)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kernel"]


def test_the_script_says_where_it_would_be(tmp_path: Path) -> None:
    env = {**os.environ, "MTV_TOOLS_ROOT": str(tmp_path / "here")}
    done = subprocess.run([SCRIPT, "--path"], capture_output=True, text=True, env=env, check=True)
    assert done.stdout.strip() == str(tmp_path / "here")
    assert not (tmp_path / "here").exists()


def test_the_script_leaves_a_current_one_alone(tmp_path: Path) -> None:
    (tmp_path / "root/mtv").mkdir(parents=True)
    key = hashlib.sha256(b"".join((TREE / part).read_bytes() for part in TOOLS_ROOT_PARTS)).hexdigest()
    (tmp_path / "root/mtv/key").write_text(f"{key}\n")
    env = {**os.environ, "MTV_TOOLS_ROOT": str(tmp_path / "root")}
    done = subprocess.run([SCRIPT], capture_output=True, text=True, env=env, check=True)
    assert "is current" in done.stdout
    assert [path.name for path in (tmp_path / "root").rglob("*")] == ["mtv", "key"]


def test_it_has_this_machines_network_where_that_is_asked_for(root: None, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        program = f"exec 3<>/dev/tcp/127.0.0.1/{server.getsockname()[1]} && cat /etc/hosts"
        done = inside(["bash", "-c", program], network=True)
        assert done.stdout == Path("/etc/hosts").read_text(), done.stderr
        assert inside(["bash", "-c", program]).stdout == ""


def test_a_folder_is_found_at_another_place(root: None, tmp_path: Path) -> None:
    done = inside(["sh", "-c", "echo here > /run/place/file; ls /run"], places={tmp_path: "/run/place"})
    assert done.stdout == "place\n"
    assert (tmp_path / "file").read_text() == "here\n"
