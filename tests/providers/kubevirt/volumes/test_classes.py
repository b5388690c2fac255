"""What a class and its profile give, and what is refused of them."""

from fractions import Fraction
from typing import Any

import pytest

from mtv.errors import CheckFailed
from mtv.providers.kubevirt.volumes.classes import Class, Set, chosen, placed, read_class

Object = dict[str, Any]
SETS = [
    {"accessModes": ["ReadWriteMany"], "volumeMode": "Block"},
    {"accessModes": ["ReadWriteOnce"], "volumeMode": "Block"},
    {"accessModes": ["ReadWriteOnce"]},
]


def storage_class(name: str, provisioner: str = "csi.test", **annotations: str) -> Object:
    return {"metadata": {"name": name, "annotations": annotations}, "provisioner": provisioner}


def profile(sets: object = None, **annotations: str) -> Object:
    return {"metadata": {"annotations": annotations}, "status": {"claimPropertySets": SETS if sets is None else sets}}


def config(**by_class: object) -> Object:
    return {"status": {"filesystemOverhead": {"global": "0.055", "storageClass": by_class}}}


def node(*counts: object) -> Object:
    return {"spec": {"drivers": [{"name": "csi.test", "allocatable": {"count": one}} for one in counts]}}


def code(error: pytest.ExceptionInfo[CheckFailed]) -> str:
    return error.value.fault.code


def test_a_class_as_it_is_read() -> None:
    given = {"cdi.kubevirt.io/minimumSupportedPvcSize": "1Gi"}
    found = read_class(
        {**storage_class("gold"), "volumeBindingMode": "WaitForFirstConsumer"}, profile(**given), config(gold="0.1"),
        [node(16), node(32)],
    )  # fmt: skip
    assert found == Class(
        name="gold", provisioner="csi.test", waits=True, smallest_bytes=1 << 30, overhead=Fraction(1, 10), attaches=32,
        sets=(Set("ReadWriteMany", "Block"), Set("ReadWriteOnce", "Block"), Set("ReadWriteOnce", "Filesystem")),
    )  # fmt: skip


@pytest.mark.parametrize("said", ["", "much", "-0.1", "1.5", "1/0", "nan", "0" * 50, 7, None])
def test_an_overhead_that_is_none_is_cdis_own(said: object) -> None:
    told = {"status": {"filesystemOverhead": {"global": said}}}
    assert read_class(storage_class("gold"), {}, told, []).overhead == Fraction(6, 100)


def test_what_nobody_knows_is_no_limit() -> None:
    assert read_class(storage_class("gold"), {}, {}, [node(16), node(None)]).attaches is None
    assert read_class(storage_class("gold"), {}, {}, []).attaches is None


@pytest.mark.parametrize(
    ("mode", "provisioner", "zeroed"),
    [
        ("Filesystem", "csi.test", True), ("Block", "csi.test", False),
        ("Filesystem", "kubernetes.io/no-provisioner", False), ("Filesystem", "", False),
    ],
)  # fmt: skip
def test_only_a_new_file_system_is_believed_empty(mode: str, provisioner: str, zeroed: bool) -> None:
    assert Class(name="gold", provisioner=provisioner).is_zeroed(mode) is zeroed


@pytest.mark.parametrize(
    ("access", "mode", "given"),
    [
        ("", "", "ReadWriteMany Block"), ("ReadWriteOnce", "", "ReadWriteOnce Block"),
        ("", "Filesystem", "ReadWriteOnce Filesystem"), ("ReadWriteMany", "Block", "ReadWriteMany Block"),
    ],
)  # fmt: skip
def test_the_first_set_that_has_what_the_plan_says(access: str, mode: str, given: str) -> None:
    assert str(placed(read_class(storage_class("gold"), profile(), {}, []), access, mode, "web")) == given


def test_what_no_set_has_is_refused_with_what_there_is() -> None:
    class_ = read_class(storage_class("gold"), profile(), {}, [])
    with pytest.raises(
        CheckFailed, match="web: class 'gold' gives no ReadWriteMany Filesystem; .* Block, Read"
    ) as error:
        placed(class_, "ReadWriteMany", "Filesystem", "web")
    assert code(error) == "kubevirt.class-cannot"


@pytest.mark.parametrize("sets", [[], None, "all", [{"accessModes": ["Sideways"]}], [7]])
def test_a_class_without_sets_needs_the_plans_word_or_the_profiles(sets: object) -> None:
    class_ = read_class(storage_class("odd", "odd.test"), {"status": {"claimPropertySets": sets}}, {}, [])
    with pytest.raises(CheckFailed, match=r"odd\.test") as error:
        placed(class_, "ReadWriteOnce", "", "web")
    assert code(error) == "kubevirt.no-profile"
    assert "kubectl patch storageprofile odd" in error.value.fault.hint
    assert placed(class_, "ReadWriteOnce", "Block", "web") == Set("ReadWriteOnce", "Block")


def test_without_a_name_it_is_the_default_for_vms_and_then_the_default() -> None:
    plain, default = Class(name="plain"), Class(name="default", is_default=True)
    for_vms = Class(name="vms", is_default_for_vms=True)
    assert chosen([plain, default, for_vms], "", "web") == for_vms
    assert chosen([plain, default], "", "web") == default
    assert chosen([plain, default], "plain", "web") == plain


@pytest.mark.parametrize("name", ["", "silver"])
def test_a_class_that_is_not_there_is_refused_with_those_that_are(name: str) -> None:
    with pytest.raises(CheckFailed, match="gold") as error:
        chosen([Class(name="gold")], name, "web")
    assert code(error) == "kubevirt.no-class"
