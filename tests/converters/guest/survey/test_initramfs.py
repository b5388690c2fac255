"""What an initramfs holds, however it is packed; and that a guest's nonsense is told from it."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtv import process
from mtv.converters.guest.survey import initramfs
from mtv.converters.guest.survey.initramfs import Unreadable, names
from tests.converters.guest.survey.archives import PACKERS, cpio

NAMES = ["usr/lib/modules/6.1.0/kernel/drivers/block/virtio_blk.ko", "init", "etc/fstab"]
MICROCODE = ["kernel/x86/microcode/GenuineIntel.bin"]


@pytest.mark.parametrize("packing", PACKERS)
def test_every_packing_is_read(packing: str) -> None:
    assert list(names(PACKERS[packing](cpio(NAMES)))) == NAMES


@pytest.mark.parametrize("packing", PACKERS)
def test_microcode_before_it_is_skipped_over(packing: str) -> None:
    early = cpio(MICROCODE, bytes(4096))
    padded = early + bytes(-len(early) % 512)
    assert list(names(padded + PACKERS[packing](cpio(NAMES)))) == [*MICROCODE, *NAMES]


def test_modules_in_a_plain_archive_between_are_read_too() -> None:
    data = cpio(MICROCODE) + bytes(512) + cpio(["usr/lib/modules/6.8/kernel/virtio_net.ko.zst"]) + bytes(1024)
    found = list(names(data + PACKERS["zstd"](cpio(NAMES))))
    assert found == [*MICROCODE, "usr/lib/modules/6.8/kernel/virtio_net.ko.zst", *NAMES]


def test_several_archives_packed_together_are_read() -> None:
    assert list(names(PACKERS["gzip"](cpio(["a"]) + bytes(508) + cpio(["b"])))) == ["a", "b"]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"phony", "not known"),
        (b"\x1f\x8b\x08nonsense", "does not unpack"),
        (b"\x28\xb5\x2f\xfdnonsense", "nothing comes out"),
        (cpio(NAMES)[:-200], "no archive entry"),
        (b"070701" + b"Z" * 104, "hexadecimal"),
        (b"070701" + b"F" * 104, "an entry of"),
    ],
)
def test_what_is_no_initramfs_is_told(data: bytes, says: str) -> None:
    with pytest.raises(Unreadable, match=says):
        list(names(data))


def test_a_bomb_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(initramfs, "UNPACKED_LIMIT_BYTES", 1 << 20)
    with pytest.raises(Unreadable, match="more than"):
        list(names(PACKERS["gzip"](cpio(["zeroes"] * 8, bytes(1 << 18)))))


def test_too_many_entries_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(initramfs, "ENTRIES_LIMIT", 10)
    with pytest.raises(Unreadable, match="more than 10"):
        list(names(cpio(["x"] * 20)))


def test_a_program_that_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "which", lambda _: None)
    with pytest.raises(Unreadable, match="zstd is not installed"):
        list(names(PACKERS["zstd"](cpio(NAMES))))


@given(st.binary(max_size=400))
def test_any_bytes_end_in_names_or_in_a_reason(data: bytes) -> None:
    for prefix in (b"", b"070701", b"\x1f\x8b\x08"):
        with contextlib.suppress(Unreadable):
            assert all(isinstance(name, str) for name in names(prefix + data))


@given(st.lists(st.text("abc/_.", min_size=1, max_size=30), max_size=20), st.binary(max_size=40))
def test_what_is_written_is_read(paths: list[str], content: bytes) -> None:
    assert list(names(PACKERS["gzip"](cpio(paths, content)))) == paths
