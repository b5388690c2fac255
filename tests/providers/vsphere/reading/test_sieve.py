"""Whatever a page has, its pieces say what lxml reads of it as a whole."""

import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from mtv.errors import MtvError
from mtv.providers.vsphere.objects.vm import FULL, Around
from mtv.providers.vsphere.objects.vm import read as read_vm
from mtv.providers.vsphere.reading import sieve
from mtv.providers.vsphere.reading.sieve import Machine, Odd, Sieve
from mtv.providers.vsphere.wire.address import read_address
from mtv.providers.vsphere.wire.answer import TYPE, VIM, Element
from mtv.providers.vsphere.wire.soap import SoapFault
from tests.providers.vsphere.objects.test_vm import content

ADDRESS = read_address("https://vc.example.com")
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<soapenv:Envelope'
    ' xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>'
    '<RetrievePropertiesExResponse xmlns="urn:vim25"><returnval>'
)
TAIL = "</returnval></RetrievePropertiesExResponse></soapenv:Body></soapenv:Envelope>"
MISSING = "<missingSet><path>config.keyId</path><fault><fault xsi:type='NoPermission'/></fault></missingSet>"
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=12) | st.sampled_from(
    ["", " ", "a > b & c < d", "\"'", "\t\n", "]]>", "🐧", "</val></propSet>", "<objects>"]
)


def part(of: Element, name: str) -> str:
    """A property as a server writes it. It has some as wholes only."""
    found = of
    for step in name.split("."):
        below = found.find(f"{VIM}{step}") if found is not of else next(
            (one[1] for one in of.iterchildren(f"{VIM}propSet") if len(one) > 1 and one[0].text == step), None
        )  # fmt: skip
        if below is None:
            return ""
        found = below
    made = etree.Element("val", {TYPE: found.get(TYPE, "xsd:string")}, {"xsi": TYPE[1:].partition("}")[0]})
    made.text = found.text
    made.extend([etree.fromstring(etree.tostring(one)) for one in found])
    written = etree.tostring(made, encoding="unicode", with_tail=False)
    written = re.sub(r' xmlns(:xsd)?="[^"]*"', "", written)
    return f"<propSet><name>{name}</name>{written}</propSet>"


def page(contents: Sequence[Element], more: str = "") -> bytes:
    objects = "".join(
        f'<objects><obj type="VirtualMachine">vm-{number}</obj>'
        f"{''.join(part(one, name) for name in FULL if '[' not in name)}{more}</objects>"
        for number, one in enumerate(contents)
    )
    return f"{HEAD}{objects}{TAIL}".encode()


def told(machines: Sequence[Machine]) -> list[object]:
    return [read_vm(one.ref, one.props, Around(source="vc"), "1") for one in machines]


def whole(data: bytes) -> list[object]:
    return told(sieve._whole(data, ADDRESS)[1])


def test_a_vcenter_s_page_is_cut_and_little_of_it_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed = list[int]()
    usual = sieve._parsed

    def counted(data: bytes) -> Element:
        parsed.append(len(data))
        return usual(data)

    monkeypatch.setattr(sieve, "_parsed", counted)
    reader, pages = Sieve(ADDRESS), [page([content(10 * at + number) for number in range(10)]) for at in range(30)]
    found = [told(reader._cut(one)) for one in pages]
    assert found == [whole(one) for one in pages]
    assert len(parsed) < 100
    before = len(parsed)
    assert told(reader._cut(page([content(1_000)], MISSING))) == whole(page([content(1_000)], MISSING))
    assert len(parsed) - before < 5, "a VM that was never seen has the tags of others"


@given(number=st.integers(0, 60), data=st.data())
def test_whatever_is_changed_in_it_it_says_the_same(number: int, data: st.DataObject) -> None:
    """After a page that is plain, so that its shapes are known."""
    reader = Sieve(ADDRESS)
    reader._cut(page([content(one) for one in range(8)]))
    one = content(number)
    inside = [one for one in one.iter() if len(one) == 0]
    for leaf in data.draw(st.lists(st.sampled_from(inside), max_size=8)):
        leaf.text = data.draw(TEXTS)
    written = page([content(number), one])
    assert told(reader.page(written)[1]) == whole(written)


BREAKS = (
    "<", ">", "&", "&#0;", "&nbsp;", "\0", "\x1b", "\r", "<!--x-->", "<a/>", "<objects>", "</objects>", "</val>",
    "<device ", "</device>", "<propSet><name>", "\ufffe", "<?a >b<?c?>", '"', "text", "<![CDATA[a<b]]>",
)  # fmt: skip


@given(number=st.integers(0, 20), at=st.floats(0, 1), what=st.sampled_from(BREAKS), cut=st.integers(0, 20))
def test_what_breaks_a_page_breaks_it_here_too(number: int, at: float, what: str, cut: int) -> None:
    reader = Sieve(ADDRESS)
    plain = page([content(number), content(number + 1)]).decode()
    reader._cut(plain.encode())
    place = int(at * len(plain))
    broken = (plain[:place] + what + plain[place + cut :]).encode()
    try:
        wanted: object = whole(broken)
    except (MtvError, SoapFault) as error:
        wanted = type(error)
    try:
        found: object = told(reader.page(broken)[1])
    except (MtvError, SoapFault) as error:
        found = type(error)
    assert found == wanted


def test_what_it_remembers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sieve, "MEMORY_CHARS", 30_000)
    reader = Sieve(ADDRESS)
    for at in range(0, 100, 10):
        written = page([content(at + number) for number in range(10)])
        assert told(reader._cut(written)) == whole(written)
    assert sum(map(len, reader._places._known)) <= 30_000


def test_a_page_that_repeats_a_tag_without_end_is_left_to_lxml() -> None:
    with pytest.raises(Odd):
        Sieve(ADDRESS)._cut(page([content(1)], "<propSet><name>" * 20_000))
