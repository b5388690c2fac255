"""What comes after the bytes: receipt, guest."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path

from mtv import codec
from mtv.model.estate import Json
from mtv.providers.memory import MemoryTarget
from tests.crash.pair import Case
from tests.plans.way.made import driven


class Silent(MemoryTarget):
    async def guest(self, name: str) -> Mapping[str, Json]:
        return {}


class Stranger(MemoryTarget):
    async def guest(self, name: str) -> Mapping[str, Json]:
        return {"hostname": "localhost"}


def test_a_guest_that_never_answers_holds_and_undoes_nothing(tmp_path: Path) -> None:
    pair, history = driven(Case("cold", "snapshots", target=Silent), tmp_path, "held")
    assert history.fault is not None
    assert history.fault.code == "guest.silent"
    assert asyncio.run(pair.target().machine("vm001")).state == "running"


def test_a_guest_that_is_somebody_else_holds(tmp_path: Path) -> None:
    pair, history = driven(Case("cold", "snapshots", target=Stranger), tmp_path, "held")
    assert history.fault is not None
    assert "says that it is localhost, and was vm001" in history.fault.text
    assert asyncio.run(pair.target().machine("vm001")).state == "running"


class Domain(MemoryTarget):
    async def guest(self, name: str) -> Mapping[str, Json]:
        return {"hostname": "VM001.example.com"}


def test_a_domain_or_capitals_make_nobody_else_of_a_guest(tmp_path: Path) -> None:
    driven(Case("cold", "snapshots", target=Domain), tmp_path)


def test_the_receipt_has_both_tables(tmp_path: Path) -> None:
    pair, history = driven(Case("cold", "snapshots"), tmp_path)
    machine = json.loads((pair.folder / "target/machines/vm001.json").read_text())
    receipt = json.loads(machine["extras"]["receipt.json"])
    copied, handed = ({table["disk"]: table["root"] for table in receipt[name]} for name in ("copied", "handed_over"))
    told = codec.load(dict[str, dict[str, Json]], history.of("verify")["disks"])
    assert copied == {key: facts["root"] for key, facts in told.items()}
    assert copied.keys() == handed.keys()
    assert all(copied[key] != handed[key] for key in copied)
