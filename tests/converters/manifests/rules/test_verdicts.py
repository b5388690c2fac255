"""What KubeVirt 1.9's and CDI 1.66's own webhooks said of 194 manifests on a cluster, fresh as installed."""

import json
from pathlib import Path
from typing import Any

import pytest

from mtv.converters.manifests.rules import Level, Target, check, objects_of

VERDICTS = [json.loads(line) for line in (Path(__file__).parent / "verdicts.jsonl").read_text().splitlines()]
WITH_A_CLAIM = {"same-named PVC exists", "same-named PVC exists + prePopulated"}
THERE = Target(
    objects=objects_of([{"kind": "PersistentVolumeClaim", "metadata": {"name": "exists", "namespace": "demo"}}])
)


def test_there_are_as_many_as_were_recorded() -> None:
    refused = [verdict for verdict in VERDICTS if not verdict["accepted"]]
    assert (len(VERDICTS), len(refused)) == (194, 75)


@pytest.mark.parametrize("verdict", VERDICTS, ids=[verdict["case"] for verdict in VERDICTS])
def test_refused_exactly_where_the_cluster_refused(verdict: Any) -> None:
    target = THERE if verdict["case"] in WITH_A_CLAIM else Target()
    found = check([verdict["manifest"]], target)
    refused = [one.complaint.rule.id for one in found if one.complaint.level is Level.REFUSED]
    assert bool(refused) == (not verdict["accepted"]), refused


@pytest.mark.parametrize("case", sorted(WITH_A_CLAIM))
def test_a_claim_that_is_not_at_hand_is_not_judged(case: str) -> None:
    (manifest,) = [verdict["manifest"] for verdict in VERDICTS if verdict["case"] == case]
    assert check([manifest]) == []


BROKEN = {
    "metadata.name=nnnnnnnnnnnnnnnnnnnn(64)", "mac 00:00:00:00:00:00 (masq)", "no memory at all", "memory.guest 0",
    "memory.guest 512Ki", "video=vmvga", "hyperv + hypervPassthrough", "architecture bogus",
    "template label value 64 chars", "firmware.uuid not a uuid", "gpu not permitted",
    "machine.type='pc-q35-rhel9.6.0'", "unknown field at spec.template.spec.foo",
    "unknown field metadata ok? spec.foo", "volumeMode bogus", "upload archive block",
}  # fmt: skip


def test_what_was_taken_and_broke_is_broken_and_the_rest_is_not() -> None:
    broken = {
        verdict["case"]
        for verdict in VERDICTS
        if verdict["accepted"] and any(one.complaint.level is Level.BROKEN for one in check([verdict["manifest"]]))
    }
    assert broken == BROKEN
