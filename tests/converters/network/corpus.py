"""Trees of files as distributions have them, each with the VM's cards and what mtv must make of them.

corpus/NAME/root/...        the guest's files
corpus/NAME/case.json       what inspection and the source tell: systemd, command line, cards
corpus/NAME/expected.json   the golden answer; `python -m tests.converters.network.corpus` writes it anew
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mtv.codec import dump, load
from mtv.converters.network import NetworkPlan, diff, plan, read
from mtv.model.estate import VM, Json, Nic
from mtv.model.guest import GuestFacts, GuestNetwork, Kernel
from mtv.model.plans import GuestChoice, NicChoice
from tests.converters.network.trees import Tree

FOLDER = Path(__file__).parent / "corpus"
NAMES = sorted(path.parent.name for path in FOLDER.glob("*/case.json"))


@dataclass(frozen=True)
class Case:
    name: str
    note: str
    tree: Tree
    facts: GuestFacts
    vm: VM
    nics: tuple[NicChoice, ...]
    choice: GuestChoice

    def network(self, tree: Tree | None = None) -> GuestNetwork:
        return read(tree or self.tree)

    def plan(self, tree: Tree | None = None) -> NetworkPlan:
        seen = tree or self.tree
        return plan(read(seen), self.facts, self.vm, self.nics, self.choice, seen)


def case(name: str) -> Case:
    told: dict[str, Any] = json.loads((FOLDER / name / "case.json").read_text())
    nics = [
        Nic(
            key=f"nic{index}",
            label=f"Network adapter {index + 1}",
            mac=one.get("mac", ""),
            pci_slot=one.get("pci_slot"),
        )
        for index, one in enumerate(told["nics"])
    ]
    choices = [
        NicChoice(nic=f"nic{index}", to=one.get("to", "pod"), mac=one.get("choice_mac", ""))
        for index, one in enumerate(told["nics"])
    ]
    facts = dict(told["facts"])
    kernel = Kernel(version="1", initramfs="/boot/initrd", drivers=tuple(facts.pop("drivers")), default=True)
    return Case(
        name=name,
        note=told["note"],
        tree=Tree.folder(FOLDER / name / "root"),
        facts=GuestFacts(roots=1, family="linux", kernels=(kernel,), **facts),
        vm=VM(source="corpus", id=name, name=name, nics=tuple(nics)),
        nics=tuple(choices),
        choice=load(GuestChoice, told.get("choice", {})),
    )


def answer(one: Case) -> dict[str, Json]:
    """What is golden: everything that people or other parts see."""
    made = one.plan()
    return {
        "network": dump(one.network()),
        "names": dict(made.names),
        "macs": dict(made.macs),
        "diff": list(diff(made).splitlines()),
        "rebuild_initramfs": made.rebuild_initramfs,
        "concerns": [f"{told.level} {told.id}: {told.text}" for told in made.concerns],
    }


def expected(name: str) -> dict[str, Json]:
    found: dict[str, Json] = json.loads((FOLDER / name / "expected.json").read_text())
    return found


def write(name: str) -> None:
    text = json.dumps(answer(case(name)), indent=2, ensure_ascii=False)
    (FOLDER / name / "expected.json").write_text(text + "\n")


if __name__ == "__main__":
    for each in NAMES:
        write(each)
