"""Versions that mtv was made for; others are used with a warning, not refused."""

import re
from collections.abc import Iterator

from mtv.model.estate import Finding, Level
from mtv.model.infrastructure import Facility

Number = tuple[int, int]
KUBEVIRT: tuple[Number, Number] = ((1, 6), (1, 9))
CDI: tuple[Number, Number] = ((1, 63), (1, 66))
BUILT_FOR = {(1, 6): 33, (1, 7): 34, (1, 8): 35, (1, 9): 36}
"""The minor version of Kubernetes that KubeVirt was built for; it goes with the two before."""
_NUMBER = re.compile(r"v?(\d{1,4})\.(\d{1,4})")


def number(said: str) -> Number | None:
    found = _NUMBER.match(said)
    return (int(found[1]), int(found[2])) if found else None


def findings(told: list[Facility]) -> Iterator[Finding]:
    said = {one.name: str(one.facts.get("version") or "") for one in told}
    kubevirt = number(said.get("KubeVirt", ""))
    yield from _kubernetes(said.get("Kubernetes", ""), kubevirt)
    if "KubeVirt" not in said:
        yield Finding(name="KubeVirt", ok=False, text="there is no KubeVirt: no VM can run there",
                      fix="install KubeVirt or OpenShift Virtualization")  # fmt: skip
    else:
        yield _within("KubeVirt", said["KubeVirt"], KUBEVIRT)
    if "CDI" in said:
        yield _within("CDI", said["CDI"], CDI)
    else:
        text = "there is no CDI: which access and volume mode a storage class is best for is not known"
        yield Finding(name="CDI", ok=False, text=text, fix="install CDI", level=Level.WARNING)
    for name in ("HCO", "OpenShift", "KubeMacPool"):
        if name in said:
            yield Finding(name=name, ok=True, text=f"{name} {said[name] or 'of an unknown version'}")
    phase = next((str(one.facts.get("phase") or "") for one in told if one.name == "KubeVirt"), "Deployed")
    if phase != "Deployed":
        text = f"KubeVirt is {phase or 'not told to be deployed'}"
        yield Finding(
            name="KubeVirt's state", ok=False, text=text, fix="kubectl describe kubevirt -A", level=Level.WARNING
        )


def _within(name: str, said: str, known: tuple[Number, Number]) -> Finding:
    found, (first, last) = number(said), known
    words = f"{first[0]}.{first[1]} to {last[0]}.{last[1]}"
    if found and first <= found <= last:
        return Finding(name=name, ok=True, text=f"{name} {said}")
    how = "of an unknown version" if found is None else "older than" if found < first else "newer than"
    text = f"{name} {said} is {how} {words}" if found else f"{name} is {how}"
    fix = "expect surprises" + (", and update it where you can" if found and found < first else "")
    return Finding(name=name, ok=False, text=f"{text}, which mtv was made for", fix=fix, level=Level.WARNING)


def _kubernetes(said: str, kubevirt: Number | None) -> Iterator[Finding]:
    found, built = number(said), BUILT_FOR.get(kubevirt) if kubevirt else None
    if found is None or built is None or built - 2 <= found[1] <= built:
        yield Finding(name="Kubernetes", ok=True, text=f"Kubernetes {said or 'of an unknown version'}")
        return
    assert kubevirt
    text = f"Kubernetes {said}, and KubeVirt {kubevirt[0]}.{kubevirt[1]} was built for 1.{built - 2} to 1.{built}"
    yield Finding(name="Kubernetes", ok=False, text=text, fix="bring the two together", level=Level.WARNING)
