"""What `create plan` says of what it wrote."""

from dataclasses import replace
from pathlib import Path

from tests.cli.sandbox import Sandbox
from tests.providers.ova.builders import Vmware, web


def test_a_plan_whose_vms_would_have_one_name_says_so(box: Sandbox, tmp_path: Path) -> None:
    for folder, name in (("a", "Same"), ("b", "same"), ("c", "other")):
        web(tmp_path / "made", replace(Vmware(), name=name)).ova(box.folder / "three" / folder / "vm.ova")
    said = box.mtv("create", "plan", "three.yaml", "--from", "ova:three", "--to", "bundle:out")
    assert said.code == 0
    assert "'Same' and 'same' would both be named 'same' there: take one out of three.yaml" in said.err
    alone = box.mtv(
        "create", "plan", "two.yaml", "--from", "ova:three", "--to", "bundle:out", "--where", "name <> 'same'"
    )
    assert (alone.code, "both" in alone.err) == (0, False)
