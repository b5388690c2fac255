"""A guest's key reaches its worker and nothing else: planted, and looked for everywhere."""

import os
import time
from pathlib import Path

import pytest

from tests.cli.sandbox import Sandbox
from tests.planted import leaks, watched_argv

SECRET = "Tr0ub4dor&3-planted-for-the-scanner"
KEPT = ("disk.key",)
KEYS = "[{vm: VM, device: /dev/sda2, secret: 'env:DISK_KEY'}, {vm: VM, device: /dev/sda3, secret: 'file:disk.key'}]"


def keyed(vm: str, conversion: str = "auto") -> str:
    return f"{{conversion: {conversion}, keys: {KEYS.replace('VM', vm)}}}"


def planted(box: Sandbox) -> None:
    box.extra = {"DISK_KEY": SECRET}
    (box.folder / "disk.key").write_text(SECRET + "\n")


def test_the_scanner_finds_what_leaks(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "task.json").write_bytes(b"\0" + SECRET.encode())
    (tmp_path / "disk.key").write_text(SECRET)
    assert leaks(tmp_path, SECRET, KEPT) == ["deep/task.json"]
    read_end, write_end = os.pipe()
    with watched_argv(SECRET) as seen:
        pid = os.posix_spawn("/bin/sh", ["sh", "-c", "read x", SECRET], {}, file_actions=[
            (os.POSIX_SPAWN_DUP2, read_end, 0), (os.POSIX_SPAWN_CLOSE, write_end),
        ])  # fmt: skip
        deadline_s = time.monotonic() + 30
        while not seen and time.monotonic() < deadline_s:
            time.sleep(0.01)
        os.close(write_end)
        os.waitpid(pid, 0)
    os.close(read_end)
    assert SECRET in seen[0]


def test_a_secret_is_nowhere_after_a_run_of_the_memory_pair(box: Sandbox) -> None:
    planted(box)
    box.plan(
        "keys", source="'memory:estate?flavour=snapshots&vms=1&seed=3'", target="memory:target", vms="[vm001]",
        storage='[{from: "*", to: fast}]', guest=keyed("vm001"),
    )  # fmt: skip
    with watched_argv(SECRET) as argv:
        done = box.mtv("--verbose", "run", "keys.yaml")
    assert done.code == 0, done
    for words in (["status"], ["why", "keys-1"], ["logs", "keys-1"], ["describe", "plan", "keys.yaml"]):
        assert SECRET not in "".join((box.mtv(*words).out, box.mtv(*words).err))
    assert SECRET not in done.out + done.err
    assert (leaks(box.folder, SECRET, KEPT), argv) == ([], [])


def test_a_secret_s_file_is_found_from_another_folder(box: Sandbox) -> None:
    planted(box)
    box.warm(guest=keyed("vm001"))
    assert box.mtv("run", "warm.yaml", "--detach").code == 0
    box.until(lambda: box.states("warm-1") == {"vm001": "waiting"}, "it waits")
    box.kill_engine()
    elsewhere = box.folder / "elsewhere"
    elsewhere.mkdir()
    said = box.sh(["mtv", "cutover", "warm-1", "--yes"], elsewhere)
    assert said.code == 0, said


@pytest.mark.appliance
def test_a_secret_reaches_a_real_worker_and_nothing_else(box: Sandbox) -> None:
    planted(box)
    box.plan("keys", guest=keyed("db01"))
    with watched_argv(SECRET) as argv:
        done = box.mtv("--verbose", "run", "keys.yaml")
    assert done.code == 4, done
    assert "refused before any change" in done.out
    assert SECRET not in done.out + done.err
    assert (leaks(box.folder, SECRET, KEPT), argv) == ([], [])


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("env:DISK_KEY", "db01: the key of /dev/sda2: the environment has no DISK_KEY"),
        ("file:gone.key", "db01: the key of /dev/sda2: secret file {folder}/gone.key: no such file or directory"),
    ],
)
def test_a_missing_secret_is_refused_before_anything_starts(box: Sandbox, key: str, said: str) -> None:
    guest = f"{{conversion: auto, keys: [{{vm: db01, device: /dev/sda2, secret: '{key}'}}]}}"
    box.plan("keys", guest=guest)
    for words in (["run", "keys.yaml"], ["run", "keys.yaml", "--dry-run"], ["run", "keys.yaml", "--detach"]):
        refused = box.mtv(*words)
        assert (refused.code, refused.err.splitlines()[0]) == (2, f"mtv: {said.format(folder=box.folder)}")
    assert box.rows("get", "runs") == []
    assert not (box.folder / "out").exists()


def test_a_run_that_lost_its_secret_can_be_held_and_undone_but_not_resumed(box: Sandbox) -> None:
    planted(box)
    box.warm(guest=keyed("vm001"))
    assert box.mtv("run", "warm.yaml", "--detach").code == 0
    box.until(lambda: box.states("warm-1") == {"vm001": "waiting"}, "it waits")
    box.kill_engine()
    box.extra = {}
    assert box.mtv("resume", "warm-1").code == 2
    assert box.mtv("resume", "warm-1", "--detach").code == 2
    assert box.mtv("run", "warm.yaml").code == 2
    assert box.mtv("hold", "warm-1").err == "vm001: hold: held\n"
    assert box.mtv("cancel", "warm-1", "--yes").code == 0
    assert box.states("warm-1") == {"vm001": "cancelled"}
