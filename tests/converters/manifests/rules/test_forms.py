import pytest

from mtv.converters.manifests.rules import forms


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (forms.is_label, ["a", "a-1", "1a", "n" * 63], ["", "A", "a.b", "-a", "a-", "n" * 64, "a\n", "ä"]),
        (forms.is_subdomain, ["a", "a.b-c", "n" * 253], ["", "a..b", ".a", "a.", "A.b", "n" * 254]),
        (forms.is_label_value, ["", "A_b.c-1", "v" * 63], ["-a", "a b", "v" * 64]),
        (forms.is_label_key, ["a", "A_b", "example.org/a"], ["", "/a", "a/", "Ä", "a/b/c", "k" * 64]),
        (forms.is_port_name, ["http", "a-1"], ["", "1", "HTTP", "-a", "a--b", "p" * 16]),
        (forms.is_pci_address, ["0000:03:00.0"], ["03:00.0", "0000:03:00.8", "0000:03:00.0 "]),
        (forms.is_clean_path, ["/a/b", "/a/"], ["/", "a", "/a/../b", "/a//b", "/a/./b", "//a"]),
        (forms.is_address, ["10.0.0.1", "::1"], ["", "a", "10.0.0.256", "10.0.0.0/8"]),
    ],
)
def test_forms(check: object, good: list[str], bad: list[str]) -> None:
    assert callable(check)
    assert [text for text in good if not check(text)] == []
    assert [text for text in bad if check(text)] == []


@pytest.mark.parametrize("text", ["00:50:56:9A:01:02", "00-50-56-9a-01-02", "0050.569a.0102"])
def test_macs_are_read_as_go_reads_them(text: str) -> None:
    assert forms.mac_bytes(text) == bytes.fromhex("0050569a0102")


@pytest.mark.parametrize("text", ["", "zz", "00:50:56:9a:01", "00:50-56:9a:01:02", "0050569a0102", "0:50:56:9a:1:2"])
def test_what_is_no_mac(text: str) -> None:
    assert forms.mac_bytes(text) is None
