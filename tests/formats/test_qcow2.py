"""A qcow2's header: real images are read, what would read other files is refused."""

import random
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtv.errors import MtvError, Refused
from mtv.formats import qcow2
from mtv.formats.qcow2_tables import check_end
from mtv.formats.window import Window
from tests.formats.build import shown


def image(folder: Path, *options: str, size: str = "4M") -> Path:
    path = folder / "a.qcow2"
    subprocess.run(
        ["qemu-img", "create", "-q", "-f", "qcow2", *options, str(path), *([size] if size else [])], check=True
    )
    return path


def read(path: Path) -> qcow2.Qcow2:
    return qcow2.read_header(shown(path.read_bytes(), "qcow2"))


def code(path: Path) -> str:
    with pytest.raises(Refused) as caught:
        read(path)
    return caught.value.fault.code


@pytest.mark.parametrize(
    "options", ["compat=0.10", "compat=1.1", "cluster_size=512", "compression_type=zstd", "extended_l2=on"]
)
def test_every_plain_image_of_qemus_is_read(tmp_path: Path, options: str) -> None:
    assert read(image(tmp_path, "-o", options)).size_bytes == 4 << 20


def test_a_backing_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "base.raw").write_bytes(bytes(1 << 20))
    path = image(tmp_path, "-b", str(tmp_path / "base.raw"), "-F", "raw", size="")
    assert code(path) == "qcow2.backing"


def test_an_external_data_file_is_refused_even_with_its_bit_cleared(tmp_path: Path) -> None:
    path = image(tmp_path, "-o", f"data_file={tmp_path / 'data.raw'}")
    assert code(path) == "qcow2.data-file"
    data = bytearray(path.read_bytes())
    data[72:80] = bytes(8)
    path.write_bytes(data)
    assert code(path) == "qcow2.data-file"


def test_an_encrypted_image_is_refused(tmp_path: Path) -> None:
    path = image(tmp_path)
    data = bytearray(path.read_bytes())
    data[32:36] = struct.pack(">I", 2)  # crypt_method: LUKS. `qemu-img create` measures CPU time for one: not always
    path.write_bytes(data)
    assert code(path) == "qcow2.encrypted"


@pytest.mark.parametrize(
    ("bits", "wanted"), [(2, "qcow2.corrupt"), (32, "qcow2.features"), (1 << 63, "qcow2.features")]
)
def test_features_that_cannot_be_read_truly_are_refused(tmp_path: Path, bits: int, wanted: str) -> None:
    path = image(tmp_path)
    data = bytearray(path.read_bytes())
    data[72:80] = struct.pack(">Q", bits)
    path.write_bytes(data)
    assert code(path) == wanted


def test_what_is_no_qcow2_is_refused() -> None:
    for data in (b"QFI\xfb", b"KDMV" + bytes(200), b"QFI\xfb\0\0\0\1" + bytes(200), b"QFI\xfb\0\0\0\3" + bytes(200)):
        with pytest.raises(Refused, match="x: "):
            qcow2.read_header(shown(data, "qcow2"))


@given(st.lists(st.tuples(st.integers(4, 200), st.integers(0, 255)), max_size=8), st.integers(0, 300))
def test_whatever_the_bytes_only_our_errors_come_out(flips: list[tuple[int, int]], size: int) -> None:
    data = bytearray(b"QFI\xfb" + struct.pack(">IQIIQ", 3, 0, 0, 16, 4 << 20) + bytes(300))
    data[100:104] = struct.pack(">I", 104)
    for at, value in flips:
        data[at] = value

    def get(offset: int, length: int) -> bytes:
        assert 0 <= offset <= offset + length <= size
        return bytes(data[offset : offset + length])

    try:
        found = qcow2.read_header(Window(get, size, "x", "qcow2"))
    except MtvError:
        return
    assert found.size_bytes > 0


@given(
    st.binary(max_size=400), st.sampled_from([b"", b"QFI\xfb\0\0\0\2", b"QFI\xfb\0\0\0\3" + bytes(12) + b"\0\0\0\x10"])
)
def test_whatever_comes_after_the_magic_only_our_errors_come_out(data: bytes, start: bytes) -> None:
    try:
        found = qcow2.read_header(shown(start + data, "qcow2"))
    except MtvError:
        return
    assert 0 < found.size_bytes < 1 << 63


@pytest.mark.parametrize(
    "way", ["", "-c", "compat=0.10", "cluster_size=512", "extended_l2=on", "compression_type=zstd"]
)
def test_an_image_that_is_cut_off_is_found_by_its_tables(tmp_path: Path, way: str) -> None:
    (tmp_path / "raw").write_bytes(random.Random(1).randbytes(3 << 20))
    path = tmp_path / "a.qcow2"
    options = [way] if way == "-c" else ["-o", way or "compat=1.1"]
    subprocess.run(["qemu-img", "convert", *options, "-O", "qcow2", tmp_path / "raw", path], check=True)
    data = path.read_bytes()
    check(data)
    for size in (len(data) - (2 << 16), len(data) // 2):
        with pytest.raises(Refused, match="byte") as caught:
            check(data[:size])
        assert caught.value.fault.code == "qcow2.truncated"


def test_a_tables_length_that_is_absurd_is_refused(tmp_path: Path) -> None:
    data = bytearray(image(tmp_path).read_bytes())
    data[36:40] = b"\xff" * 4
    with pytest.raises(Refused, match="first table claims 4294967295 entries"):
        check(bytes(data))


def test_many_pointers_to_one_table_read_it_once(tmp_path: Path) -> None:
    data = bytearray(image(tmp_path, size="64T").read_bytes())
    window = shown(bytes(data), "qcow2")
    header = qcow2.read_header(window)
    for at in range(header.l1_entries):
        struct.pack_into(">Q", data, header.l1_offset + at * 8, 65536)
    reads: list[int] = []

    def read(offset: int, length: int) -> bytes:
        reads.append(offset)
        return bytes(data[offset : offset + length])

    check_end(Window(read, len(data), "x", "qcow2"), header)
    assert len(reads) == 2 < header.l1_entries


def check(data: bytes) -> None:
    window = shown(data, "qcow2")
    check_end(window, qcow2.read_header(window))
