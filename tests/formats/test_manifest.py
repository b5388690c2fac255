"""Lines of a manifest, as ovftool, VirtualBox and openssl write them."""

import hashlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtv.errors import MtvError, Refused
from mtv.formats import manifest
from mtv.formats.manifest import Digest

DIGEST = {name: hashlib.new(name, b"x").hexdigest() for name in manifest.ALGORITHMS}


@pytest.mark.parametrize(
    "line",
    [
        "SHA256(a.vmdk)= {}",
        "SHA256 (a.vmdk) = {}",
        "sha256(a.vmdk)={}\r",
        "\ufeffSHA256(a.vmdk)= {}",
        "SHA-256(a.vmdk)= {}",
    ],
)
def test_every_writers_line_is_read(line: str) -> None:
    found = manifest.parse(line.format(DIGEST["sha256"].upper()).encode(), "web.mf")
    assert found == {"a.vmdk": Digest(file="a.vmdk", algorithm="sha256", hex=DIGEST["sha256"])}


@pytest.mark.parametrize("algorithm", manifest.ALGORITHMS)
def test_each_algorithm_is_known(algorithm: str) -> None:
    found = manifest.parse(f"{algorithm.upper()}(a (1).vmdk)= {DIGEST[algorithm]}\n\n".encode(), "web.mf")
    assert found["a (1).vmdk"].algorithm == algorithm


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("MD5(a)= d41d8cd98f00b204e9800998ecf8427e", "manifest.algorithm"),
        ("SHA384(a)= 00", "manifest.algorithm"),
        ("SHA256(a)= 1234", "manifest.line"),
        ("SHA256 a 1234", "manifest.line"),
        ("SHA256(a)= " + "g" * 64, "manifest.line"),
        (f"SHA1(a)= {DIGEST['sha1']}\nSHA1(a)= {'0' * 40}", "manifest.line"),
        ("\x00\x01", "manifest.line"),
    ],
)
def test_wrong_lines_are_refused_with_their_number(text: str, code: str) -> None:
    with pytest.raises(Refused, match="web.mf line [12]") as caught:
        manifest.parse(text.encode(), "web.mf")
    assert caught.value.fault.code == code


def test_what_is_no_text_or_too_large_is_refused() -> None:
    with pytest.raises(Refused, match="not UTF-8"):
        manifest.parse(b"\xff\xfe\x00", "web.mf")
    with pytest.raises(Refused, match="at most"):
        manifest.parse(b"\n" * (manifest.LIMIT_BYTES + 1), "web.mf")


@pytest.mark.parametrize(
    "line",
    [
        "SHA256(a)=" + " " * 1_000_000 + "x",
        " " * 500_000 + "SHA256(a)" + " " * 500_000 + "x",
        "SHA256(" + ") " * 500_000 + "x",
        "SHA256(" + ")=" * 500_000 + "x",
        "S" * 1_000_000,
        "SHA256(" * 140_000,
    ],
    ids=range(6),
)
def test_a_line_that_would_keep_a_careless_pattern_busy_is_refused_at_once(line: str) -> None:
    since = time.monotonic()
    with pytest.raises(Refused):
        manifest.parse(line.encode(), "web.mf")
    assert time.monotonic() - since < 2


@given(st.binary(max_size=200) | st.text(alphabet="SHA12560()= \nabf", max_size=120).map(str.encode))
def test_whatever_the_bytes_only_our_errors_come_out(data: bytes) -> None:
    try:
        found = manifest.parse(data, "web.mf")
    except MtvError:
        return
    assert all(digest.algorithm in manifest.ALGORITHMS for digest in found.values())
