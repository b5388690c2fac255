import re
from pathlib import Path

from mtv.converters.network import concerns
from mtv.converters.network.syntax.text import Flaw
from mtv.model.estate import Level, Nic

ROOT = Path(__file__).parents[3]


def test_every_concern_is_documented_with_its_level() -> None:
    code = "\n".join(path.read_text() for path in (ROOT / "converters" / "network").rglob("*.py"))
    raised = {
        (f"network.{what}", level) for level, what in re.findall(r'\b(critical|warning|info)\(\s*"([a-z-]+)"', code)
    }
    rows = re.findall(
        r"^\| (`network[^|]*) \| (critical|warning|info) \|", (ROOT / "docs" / "network.md").read_text(), re.M
    )
    told = {(one, level) for ids, level in rows for one in re.findall(r"`([^`]+)`", ids)}
    assert raised == told
    assert len(raised) > 20


def test_a_card_is_called_by_what_people_see() -> None:
    assert concerns.label(Nic(key="n0")) == "NIC n0"
    assert concerns.label(Nic(key="n0", label="Network adapter 1", mac="a", pci_slot=192)) == (
        "Network adapter 1 (a, PCI slot 192)"
    )


def test_flaws_are_told_up_to_a_limit() -> None:
    few = list(concerns.of_flaws([Flaw("/x", 1, "is odd")]))
    assert [(one.level, one.text) for one in few] == [(Level.WARNING, "/x:1: is odd")]
    many = list(concerns.of_flaws([Flaw("/x", n, "is odd") for n in range(100)]))
    assert len(many) == concerns.MOST_FLAWS + 1
