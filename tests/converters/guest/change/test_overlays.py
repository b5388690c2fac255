"""Overlays: what they touch, onto what they lie, and whether they are whole."""

import errno
import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtv import process
from mtv.converters.guest.change import overlays
from mtv.converters.guest.change.sealing import joined
from mtv.errors import Held, MtvError
from mtv.model.volumes import Volume

MIB = 1 << 20


@pytest.fixture
def base(tmp_path: Path) -> Path:
    path = tmp_path / "base.raw"
    path.write_bytes(b"base" * (MIB // 4))
    os.truncate(path, 4 * MIB)
    return path


@pytest.fixture
def overlay(tmp_path: Path, base: Path) -> Path:
    path = tmp_path / "over.qcow2"
    overlays.create(path, str(base), "raw", 4 * MIB)
    return path


def write(overlay: Path, *commands: str) -> None:
    for command in commands:
        subprocess.run(["qemu-io", "-f", "qcow2", "-c", command, str(overlay)], check=True, capture_output=True)


def test_an_empty_one_touches_nothing(overlay: Path) -> None:
    found = overlays.mapped(overlay)
    assert found.touched == ()
    assert found.zeroes == ((MIB, 3 * MIB),)  # a hole below is known as well


def test_writes_and_zeroes_are_touched(overlay: Path) -> None:
    write(overlay, "write -P 1 64k 64k", "write -P 1 128k 1k", "write -z 1M 1M", "write -P 1 3M 64k")
    found = overlays.mapped(overlay)
    assert found.touched == ((65536, 131072), (MIB, MIB), (3 * MIB, 65536))
    assert found.zeroes == ((MIB, 2 * MIB), (3 * MIB + 65536, MIB - 65536))


def test_it_moves_onto_another_disk_and_the_first_stays(overlay: Path, tmp_path: Path, base: Path) -> None:
    write(overlay, "write -P 0x41 0 64k")
    copy = tmp_path / "copy.raw"
    copy.write_bytes(base.read_bytes())
    volume = Volume(id="v", disk="d", index=0, size_bytes=4 * MIB, format="raw", path=str(copy), identity="t")
    before = overlay.read_bytes()
    moved = tmp_path / "moved.qcow2"
    overlays.move_onto(overlay, moved, volume)
    overlays.commit(moved)
    assert copy.read_bytes() == b"A" * 65536 + base.read_bytes()[65536:]
    assert overlay.read_bytes() == before
    assert base.read_bytes()[:4] == b"base"


def test_a_commit_may_be_repeated(overlay: Path, base: Path) -> None:
    write(overlay, "write -P 0x41 0 64k", "write -z 64k 64k")
    overlays.commit(overlay)
    once = base.read_bytes()
    overlays.commit(overlay)
    assert base.read_bytes() == once
    assert once[:131072] == b"A" * 65536 + bytes(65536)


@pytest.mark.parametrize("content", [b"", b"QFI\xfb" + bytes(600), b"x" * 4096])
def test_a_broken_one_is_not_sound(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.qcow2"
    path.write_bytes(content)
    assert not overlays.sound(path)
    assert not overlays.sound(tmp_path / "none.qcow2")


def test_a_whole_one_is_sound_also_when_what_lies_below_is_gone(overlay: Path, base: Path) -> None:
    assert overlays.sound(overlay)
    base.unlink()
    assert overlays.sound(overlay)


def test_a_full_target_is_held(monkeypatch: pytest.MonkeyPatch, overlay: Path) -> None:
    full = process.Result(("qemu-img",), 1, "", f"qemu-img: error: {os.strerror(errno.ENOSPC)}\n")
    monkeypatch.setattr(process, "run", lambda *_, **__: full)
    with pytest.raises(Held) as caught:
        overlays.commit(overlay)
    assert caught.value.fault.code == "target.no-space"


def test_what_qemu_img_says_is_told(tmp_path: Path) -> None:
    with pytest.raises(MtvError, match="No such file") as caught:
        overlays.commit(tmp_path / "none.qcow2")
    assert caught.value.fault.code == "convert.qemu-img"


@given(
    st.lists(st.tuples(st.integers(1, 50), st.integers(1, 50)), max_size=40),
    st.integers(1, 10),
)
def test_joined_ranges_cover_all_and_are_few(gaps: list[tuple[int, int]], most: int) -> None:
    ranges, at = [], 0
    for gap, length in gaps:
        ranges.append((at + gap, length))
        at += gap + length
    made = joined(ranges, most)
    assert len(made) <= most
    assert all(any(a <= offset and offset + length <= a + b for a, b in made) for offset, length in ranges)
    assert made == sorted(made)
    assert len(ranges) > most or made == ranges
