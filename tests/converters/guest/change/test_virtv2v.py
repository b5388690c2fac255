"""Running virt-v2v-in-place: a script stands in for it, which says what the real ones say."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mtv.converters.guest.change import virtv2v
from mtv.converters.guest.change.virtv2v import Message, Options, convert, has_virtio
from mtv.errors import Cancelled, MtvError, Temporary

SAYS = '{ "message": "%s", "timestamp": "2026-01-02T03:04:05+00:00", "type": "%s" }\\n'
Stand = Callable[[str], Options]


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stand:
    """A program of that shell text; $FD is where it speaks."""

    def made(text: str) -> Options:
        program = tmp_path / "virt-v2v-in-place"
        find = "for word; do case $word in --machine-readable=fd:*) FD=${word#*fd:};; esac; done\n"
        program.write_text(
            f'#!/bin/bash\n{find}say() {{ printf \'{SAYS}\' "$1" "$2" >&$FD; }}\ncd {tmp_path}\n{text}\n'
        )
        program.chmod(0o755)
        monkeypatch.setattr(virtv2v, "PROGRAM", str(program))
        virtv2v.version.cache_clear()
        return Options(domain=tmp_path / "domain.xml", log=tmp_path / "log")

    return made


def silent(message: Message) -> None:
    pass


def never() -> bool:
    return False


def test_its_messages_are_heard_as_they_come(stand_in: Stand) -> None:
    text = """say "Opening the source" message
say "This guest has virtio drivers installed." info
echo "plain words" >&$FD
say "random seed could not be set" warning
echo "on its error output" >&2"""
    heard: list[Message] = []
    options = stand_in(text)
    found = convert(options, heard.append, never)
    assert found == heard == [
        Message("message", "Opening the source"),
        Message("info", "This guest has virtio drivers installed."),
        Message("warning", "random seed could not be set"),
    ]  # fmt: skip
    assert has_virtio(found)
    assert not has_virtio(found[:1])
    assert options.log.read_text() == "on its error output\n"


def test_no_drivers_is_told_apart() -> None:
    assert not has_virtio([Message("info", "This guest does not have virtio drivers installed.")])


def test_its_own_error_is_the_reason(stand_in: Stand) -> None:
    with pytest.raises(MtvError, match="no installed kernel packages") as caught:
        convert(stand_in('say "no installed kernel packages were found" error; exit 1'), silent, never)
    assert caught.value.fault.code == "convert.failed"


@pytest.mark.parametrize(
    ("text", "says"),
    [("echo 'virt-v2v: out of memory' >&2; exit 2", "status 2: virt-v2v: out of memory"), ("exit 3", "it said nothing"),
     ("kill -SEGV $$", "ended with status")],
)  # fmt: skip
def test_an_end_without_an_error_message_is_told_by_its_log(stand_in: Stand, text: str, says: str) -> None:
    with pytest.raises(MtvError, match=says):
        convert(stand_in(text), silent, never)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("kill -KILL $$", "convert.killed"),
        ('say "libguestfs error: /usr/bin/qemu-system-x86_64 killed by signal 9 (Killed).\\nMore" error; exit 1',
         "convert.lost"),
        ('say "libguestfs error: appliance closed the connection unexpectedly." error; exit 1', "convert.lost"),
        ('say "libguestfs error: ls: /etc: Input/output error" error; exit 1', "convert.lost"),
    ],
)  # fmt: skip
def test_what_was_killed_under_it_is_no_failure_of_its_guest(stand_in: Stand, text: str, code: str) -> None:
    with pytest.raises(Temporary) as caught:
        convert(stand_in(text), silent, never)
    assert caught.value.fault.code == code
    assert "\n" not in caught.value.fault.text


@pytest.mark.parametrize(("kill", "code"), [("kill -KILL $!", "convert.lost"), (":", "convert.failed")])
def test_whatever_it_says_once_a_server_of_its_disks_was_killed_is_no_failure_of_its_guest(
    stand_in: Stand, monkeypatch: pytest.MonkeyPatch, kill: str, code: str
) -> None:
    monkeypatch.setattr(virtv2v, "POLL_S", 0.02)
    text = (
        f"bash -c 'exec -a qemu-nbd sleep 60' & sleep 0.3; {kill}; sleep 0.8; say 'no system was found' error; exit 1"
    )
    with pytest.raises(MtvError, match="no system was found") as caught:
        convert(stand_in(text), silent, never)
    assert caught.value.fault.code == code


def test_a_stop_ends_it_and_all_that_it_started(stand_in: Stand, tmp_path: Path) -> None:
    text = (
        "setsid sleep 300 & echo $! > inner; setsid bash -c 'exec -a orphan-of-%s sleep 300' & say ready message; wait"
    )
    options, heard = stand_in(text % tmp_path.name), list[Message]()
    with pytest.raises(Cancelled):
        convert(options, heard.append, lambda: bool(heard))
    until = time.monotonic() + 10
    while (left := running(f"orphan-of-{tmp_path.name}")) and time.monotonic() < until:
        time.sleep(0.01)
    assert left == []


def running(words: str) -> list[str]:
    done = subprocess.run(["pgrep", "-f", f"^{words}"], capture_output=True, text=True)
    return done.stdout.split()


def test_silence_has_a_limit(stand_in: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(virtv2v, "POLL_S", 0.05)
    options = stand_in("sleep 60")
    descriptor, _ = os.pipe()
    with pytest.raises(MtvError) as caught:
        list(virtv2v._messages(descriptor, never, 0.1, lambda: None))
    assert caught.value.fault.code == "convert.slow"
    assert options.log.parent.exists()


@pytest.mark.parametrize(
    ("version", "agent", "words"),
    [
        ("2.6.0", True, ["-i", "libvirtxml"]),
        ("2.6.0", False, ["--delete", "/usr/lib/virt-sysprep/scripts/5000-*", "-i", "libvirtxml"]),
        ("2.2.0", False, ["-i", "libvirtxml"]),
    ],
)
def test_its_options(
    stand_in: Stand, monkeypatch: pytest.MonkeyPatch, version: str, agent: bool, words: list[str]
) -> None:
    options = stand_in("exit 0")
    monkeypatch.setattr(virtv2v, "version", lambda: version)
    chosen = Options(domain=options.domain, log=options.log, agent=agent)
    assert list(virtv2v._arguments(chosen)) == [*words, str(options.domain)]


@pytest.mark.parametrize(("given", "taken"), [("/dev/sda2", "/dev/sda2"), ("UUID=1f-2e", "1f-2e"), ("1f-2e", "1f-2e")])
def test_keys_go_by_file(stand_in: Stand, tmp_path: Path, given: str, taken: str) -> None:
    options = stand_in("exit 0")
    chosen = Options(
        domain=options.domain, log=options.log, keys=((given, tmp_path / "key"),), root="btrfsvol:/dev/sda3/@"
    )
    assert list(virtv2v._arguments(chosen))[:4] == [
        "--root", "btrfsvol:/dev/sda3/@", "--key", f"{taken}:file:{tmp_path / 'key'}",
    ]  # fmt: skip


def test_the_version_is_what_it_says(stand_in: Stand) -> None:
    stand_in("echo 'virt-v2v-in-place 2.6.0'; exit 0")
    assert virtv2v.version() == "2.6.0"
    assert virtv2v.customizes()
    stand_in("echo 'virt-v2v-in-place 2.2.0'; exit 0")
    assert not virtv2v.customizes()
    virtv2v.version.cache_clear()
    assert sys.version_info  # nothing of this machine was asked
