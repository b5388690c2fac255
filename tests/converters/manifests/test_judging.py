"""What the rules say of a VM's own manifest is a concern, once."""

from typing import Any

import pytest

from mtv.converters.manifests import judging
from mtv.converters.manifests.rules import RULES
from mtv.converters.manifests.shape import shape
from mtv.model.estate import Level
from tests.converters.manifests.estate import CASES, LINUX, WEB, plan
from tests.converters.manifests.rules.documents import MACHINE, changed


@pytest.mark.parametrize("name", CASES)
def test_nothing_is_said_of_what_we_make(name: str) -> None:
    wanted, guest = CASES[name]
    assert list(judging.judged(shape(wanted, guest))) == []


def test_a_defect_of_ours_is_told_before_the_vm_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    changes: Any = {
        "disks": [{"name": "d0", "disk": {"bus": "ide"}}],
        "firmware/uuid": "xyz",
        "gpus": [{"name": "g", "deviceName": "a.com/X"}],
        "hostDevices": [{"name": "h", "deviceName": "a.com/Y"}],
        "memory/guest": "1Mi",
        "clock": {"utc": {}, "timezone": "UTC"},
    }
    monkeypatch.setattr(judging, "of_shape", lambda found: [changed(MACHINE, changes)])
    found = list(judging.judged(shape(plan(WEB), LINUX)))
    assert [(one.id, one.level) for one in found] == [
        ("manifest.refused", Level.WARNING),
        ("manifest.broken", Level.WARNING),
    ]
    assert "KubeVirt has no IDE bus (disk.bus-ide, spec.template.spec" in found[0].text
    assert found[0].hint.startswith("use sata")


def test_what_is_told_elsewhere_are_rules() -> None:
    assert {rule.id for rule in RULES} >= judging.TOLD
