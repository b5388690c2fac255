"""Every cause, in the order in which they are told: what keeps all from happening comes first. docs/why.md is held
against it."""

from collections.abc import Sequence

from mtv.model.estate import Finding
from mtv.providers.kubevirt.causes import around, running, scheduling, storage
from mtv.providers.kubevirt.causes.cause import Cause
from mtv.providers.kubevirt.causes.scene import Scene

CAUSES: tuple[Cause, ...] = (*around.CAUSES, *storage.CAUSES, *scheduling.CAUSES, *running.CAUSES)
EVIDENCE = 5  # lines
LONGEST = 500


def found(scene: Scene) -> dict[str, list[str]]:
    """Evidence by the cause's id."""
    told = {one.id: [_plain(line) for line in one.look(scene)] for one in CAUSES}
    return {one.id: told[one.id] for one in CAUSES if told[one.id] and not any(told[id_] for id_ in one.unless)}


def findings(scene: Scene, namespace: str) -> Sequence[Finding]:
    told, by_id = found(scene), {one.id: one for one in CAUSES}
    return [_finding(by_id[id_], lines, scene.name, namespace) for id_, lines in told.items()]


def _finding(cause: Cause, lines: Sequence[str], vm: str, namespace: str) -> Finding:
    shown = list(lines[:EVIDENCE])
    if len(lines) > EVIDENCE:
        shown.append(f"and {len(lines) - EVIDENCE} more")
    fix = cause.fix.format(vm=vm, namespace=namespace)
    return Finding(name=cause.id, ok=False, text="\n".join([cause.what, *shown]), fix=fix)


def _plain(line: str) -> str:
    """A stranger's text: one line, cut."""
    flat = " ".join(line.split())
    return "".join(one for one in flat if one.isprintable())[:LONGEST]
