from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtv.converters.boot import console
from mtv.converters.boot.console import Seen, judge, plain

BOOTED = "[  OK  ] Reached target Multi-User System.\n\nDebian GNU/Linux 12 guest1 ttyS0\n\nguest1 login: "


@pytest.mark.parametrize("host", ["guest1", "web01.example.org", "localhost"])
def test_the_prompt(host: str) -> None:
    assert judge(f"Debian GNU/Linux 12\n{host} login: ") == Seen(login=host)


@pytest.mark.parametrize("text", ["", "Last login: Mon", "please login", "  login:", "Starting Login Service"])
def test_no_prompt(text: str) -> None:
    assert judge(text) == Seen()


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("Gave up waiting\nALERT!  UUID=1-2 does not exist.  Dropping to a shell!\n(initramfs) ", "root device"),
        ("BusyBox v1.35\n(initramfs) ", "initramfs gave up"),
        ("[   1.0] Kernel panic - not syncing: VFS: Unable to mount root fs", "panicked"),
        ("Minimal BASH-like line editing is supported.\ngrub> ", "GRUB"),
        ("error: no such partition.\nEntering rescue mode...\ngrub rescue> ", "GRUB"),
        ("You are in emergency mode. After logging in, type", "emergency"),
        ("dracut:/# ", "dracut"),
        ("Booting from Hard Disk...\nNo bootable device.  Retrying in 60 seconds.", "nothing to boot"),
        ("BdsDxe: No bootable option or device was found.", "no loader"),
    ],
)
def test_ends(text: str, meaning: str) -> None:
    seen = judge(f"SeaBIOS (version 1.16)\n{text}")
    assert seen.login is None
    assert meaning in seen.failure
    assert any(line.strip() in seen.failure for line in text.splitlines())


def test_a_guest_that_got_to_its_prompt_has_got_over_the_rest() -> None:
    assert judge(f"grub> \n{BOOTED}") == Seen(login="guest1")


def test_a_panic_after_the_prompt_is_an_end() -> None:
    assert judge(f"{BOOTED}\n[ 9.0] Kernel panic - not syncing: Attempted to kill init!").failure


def test_escapes_and_carriage_returns_are_no_text() -> None:
    seen = judge(plain(b"\x1b[0;32m  OK  \x1b[0m\r\n\x1b[Hguest1 login: \x07"))
    assert seen.login == "guest1"


@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    text = plain(data)
    assert "\x1b" not in text
    judge(text)


def test_only_the_end_of_a_log_is_kept(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"x" * (console.KEPT_BYTES * 2) + b"\nend")
    assert console.read(log).endswith("\nend")
    assert len(console.read(log)) == console.KEPT_BYTES
    assert console.read(tmp_path / "none") == ""
