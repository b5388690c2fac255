"""A tar's members by offset; every trick that could reach outside is refused by name."""

import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtv.errors import MtvError, Refused
from mtv.formats import tar
from mtv.formats.window import Window
from tests.formats.build import archive, pax, shown, tar_header, tar_member

LIMIT = 10_000


def index(data: bytes) -> dict[str, bytes]:
    return {one.name: data[one.offset : one.offset + one.size] for one in tar.index(shown(data, "tar"), LIMIT)}


def refused(data: bytes) -> str:
    with pytest.raises(Refused) as caught:
        index(data)
    assert "x: " in str(caught.value)
    return caught.value.fault.code


@pytest.mark.parametrize("format_", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_what_pythons_tarfile_writes_is_found(format_: int) -> None:
    files = {"web.ovf": b"<x/>", "d" * 120 + "/disk.vmdk": b"a" * 1000, "empty": b""}
    if format_ != tarfile.USTAR_FORMAT:
        files["ü" * 60] = b"umlauts"
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format_) as made:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            made.addfile(member, io.BytesIO(data))
    assert index(out.getvalue()) == files


def test_a_size_over_8_gib_is_read_as_base_256_or_from_pax() -> None:
    size = 20 << 30
    base256 = tar_header(b"a", b"\x80" + size.to_bytes(11, "big"))
    by_pax = pax({b"size": str(size).encode()}) + tar_header(b"a", 0)
    for head in (base256, by_pax):
        body = head + bytes(512)

        def read(offset: int, length: int, body: bytes = body) -> bytes:
            return body[offset : offset + length].ljust(length, b"\0")

        found = tar.index(Window(read, len(head) + size + 1024, "x", "tar"), LIMIT)
        assert found == (tar.Member("a", len(head), size),)


def test_a_leading_dot_is_not_part_of_the_name_and_folders_are_no_files() -> None:
    data = archive([tar_member(b"./", b"", b"5"), tar_member(b"./web.ovf", b"1")])
    assert index(data) == {"web.ovf": b"1"}


def test_an_archive_without_its_end_is_read() -> None:
    assert index(tar_member(b"web.ovf", b"1")) == {"web.ovf": b"1"}


def test_a_member_may_lack_its_padding_at_the_very_end() -> None:
    assert index(tar_header(b"a", 3) + b"abc") == {"a": b"abc"}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        (b"/etc/passwd", "tar.path"),
        (b"../up.vmdk", "tar.path"),
        (b"a/../../up", "tar.path"),
        (b"a\nb", "tar.name"),
        (b"a\x1b[2Jb", "tar.name"),
        (b"\xff\xfe", "tar.name"),
        (b"", "tar.name"),
    ],
)
def test_names_that_reach_outside_or_confuse_are_refused(name: bytes, code: str) -> None:
    assert refused(archive([tar_member(name, b"1")])) == code


@pytest.mark.parametrize("long", [b"L", b"x"])
def test_a_name_of_4000_characters_is_refused(long: bytes) -> None:
    name = b"n" * 4000
    before = tar_member(b"././@LongLink", name + b"\0", b"L") if long == b"L" else pax({b"path": name})
    assert refused(archive([before, tar_member(b"n", b"1")])) == "tar.name"


@pytest.mark.parametrize("kind", [b"1", b"2", b"3", b"4", b"6", b"M", b"Z"])
def test_links_devices_and_unknown_kinds_are_refused(kind: bytes) -> None:
    assert refused(archive([tar_member(b"disk.vmdk", b"", kind)])) == "tar.member-type"


def test_sparse_members_are_refused() -> None:
    assert refused(archive([tar_member(b"a", b"1", b"S")])) == "tar.member-type"
    for key in (b"GNU.sparse.major", b"GNU.sparse.map", b"SCHILY.realsize"):
        assert refused(archive([pax({key: b"1"}), tar_member(b"a", b"1")])) == "tar.sparse"


def test_a_million_members_are_refused_after_the_limit() -> None:
    head = tar_header(b"a", 0)
    asked = []

    def read(offset: int, length: int) -> bytes:
        asked.append(offset)
        number = b"f%07d" % (offset // 512)
        return tar_header(number, 0) if length == 512 else head

    with pytest.raises(Refused, match="more than 10000 members") as caught:
        tar.index(Window(read, 512 * 1_000_000, "x", "tar"), LIMIT)
    assert caught.value.fault.code == "tar.too-many"
    assert len(asked) <= LIMIT + 1


def test_a_million_extended_headers_before_one_member_are_refused() -> None:
    record = pax({b"comment": b"1"})

    def read(offset: int, length: int) -> bytes:
        at = offset % len(record)
        return record[at : at + length]

    with pytest.raises(Refused) as caught:
        tar.index(Window(read, len(record) * 1_000_000, "x", "tar"), LIMIT)
    assert caught.value.fault.code == "tar.too-many"


def test_two_members_of_one_name_are_refused() -> None:
    assert refused(archive([tar_member(b"a", b"1"), tar_member(b"./a", b"2")])) == "tar.duplicate"


def test_wherever_a_member_is_cut_off_it_is_refused() -> None:
    data = tar_member(b"web.ovf", b"1") + tar_member(b"disk.vmdk", b"d" * 4000)
    for cut in (1024 + 512, 1024 + 513, 1024 + 512 + 3999):
        assert refused(data[:cut]) == "tar.truncated"
    assert refused(data[:400]) == "tar.header"


def test_a_member_that_ends_behind_the_file_is_refused() -> None:
    assert refused(tar_header(b"disk.vmdk", 5000) + bytes(3000)) == "tar.truncated"


@pytest.mark.parametrize(
    "size", [b"\xff" * 12, b"\x80" + b"\xff" * 11, b"99999999999\0", b"-0000000001\0", b"0x00000001\0\0"]
)
def test_negative_and_absurd_sizes_are_refused(size: bytes) -> None:
    assert refused(archive([tar_header(b"a", size)])) in ("tar.header", "tar.truncated")


@pytest.mark.parametrize(
    "record", [b"", b"5", b"8 path=a\n", b"99999999999999999999 a=b\n", b"0 a=b\n", b"5 ab=\n", b"7 a=bc"]
)
def test_malformed_pax_records_are_refused(record: bytes) -> None:
    data = archive([tar_member(b"pax", record, b"x"), tar_member(b"a", b"1")])
    if record:
        assert refused(data) == "tar.header"
    else:
        assert index(data) == {"a": b"1"}


def test_an_extended_header_of_2_mib_is_refused() -> None:
    assert refused(tar_header(b"pax", 2 << 20, b"x") + bytes(3 << 20)) == "tar.header"


def test_what_is_no_tar_is_refused() -> None:
    assert refused(b"A\x80\xa4\xcb\xd0".ljust(512, b"\0")) == "tar.header", "its signed bytes add up to nothing"
    assert refused(b"PK\x03\x04" + b"z" * 2000) == "tar.header"
    assert refused(b"short") == "tar.header"


@given(st.binary(max_size=2000), st.booleans())
def test_arbitrary_bytes_are_refused(data: bytes, blocks: bool) -> None:
    """Nothing that has no right checksum is an archive; only zeroes are an empty one."""
    padded = data.ljust(-(-len(data) // 512) * 512, b"\0") if blocks else data
    try:
        assert tar.index(shown(padded, "tar"), LIMIT) == ()
    except Refused as error:
        assert error.fault.code == "tar.header"  # noqa: PT017


@given(st.data())
def test_whatever_the_bytes_only_our_errors_come_out(data: st.DataObject) -> None:
    """Starts from a real archive, flips bytes, fixes the checksum of a header now and then, cuts."""
    made = bytearray(archive([pax({b"path": b"long"}), tar_member(b"a", b"1" * 600), tar_member(b"b", b"")]))
    for _ in range(data.draw(st.integers(0, 6))):
        made[data.draw(st.integers(0, len(made) - 1))] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        for at in range(0, len(made) - 511, 512):
            made[at + 148 : at + 156] = b" " * 8
            made[at + 148 : at + 156] = b"%06o\0 " % sum(made[at : at + 512])
    body = bytes(made[: data.draw(st.integers(0, len(made)))])

    def read(offset: int, length: int) -> bytes:
        assert 0 <= offset <= offset + length <= len(body)
        return body[offset : offset + length]

    try:
        found = tar.index(Window(read, len(body), "x", "tar"), LIMIT)
    except MtvError:
        return
    assert all(0 <= one.offset <= one.offset + one.size <= len(body) for one in found)
    assert all(not one.name.startswith("/") and ".." not in one.name.split("/") for one in found)
