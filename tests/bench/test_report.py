"""The page says what was measured: every line, often enough, and nothing by hand."""

from pathlib import Path

import pytest

from tests.bench import report, results
from tests.bench.__main__ import arguments
from tests.bench.lines import LINES
from tests.bench.pairs import figure
from tests.bench.results import Result, Results

TABLE = {  # work, beside, goal: what has to be measured
    "near": [("4 GiB with 1 GiB", "nbdcopy --flush", ">= 1x its speed")],
    "verify": [("cold cache", "nbdcopy TARGET null:", "<= 1.5x its time")],
    "far": [("5 ms", "4 connections x 64 requests", ">= 1x its speed")],
    "delta": [("3,000 extents of 64 KiB at 5 ms", "one request at a time", ">= 30x its speed")],
    "vmdk": [("streamOptimized VMDK in an OVA to raw", "qemu-img convert", ">= 1x its speed")],
    "folder": [("a disk full of data, 2 GiB", "curl", ">= 0.8x its speed")],
    "folder-far": [("10 ms latency", "one connection", ">= 4x its speed")],
    "export": [("export lease to raw", "then `qemu-img convert`", ">= 1x its speed")],
    "vddk": [("VMware's library", "nbdcopy --flush", ">= 0.9x its speed")],
    "memory": [("1 TiB with 20 GiB", "none", "< 200 MiB")],
    "start": [("mtv --help", "bare Python's start", "<= 12x its time")],
    "inventory": [("10,000 VMs, all kinds, into the store", "nothing done with them", "<= 1.25x its time"),
                  ("10,000 VMs, all kinds, into the store", "pyVmomi's objects", ">= 4x its speed"),
                  ("memory of that process", "none", "< 150 MiB"),
                  ("the same of 10,000 VMs", "of 1,000 VMs", "<= 12x its time")],
    "inventory-now": [("10,000 VMs, all kinds, into the store", "nothing done with them", "<= 1.1x its time"),
                      ("100 of 10,000 VMs changed, by the same process", "reading all", "< 1%"),
                      ("100 of 10,000 VMs changed, by another one", "reading all", "< 10%")],
    "cluster": [("10,000 VMs and as many claims", "plain HTTP and orjson", "<= 1.5x its time"),
                ("memory of that process", "none", "< 250 MiB")],
    "crowd": [("created to Succeeded", "none", "< 180 s"),
              ("requests, as the API server counts them", "none", "<= 12 a VM, <= 50/s over any 10 s"),
              ("500 migrations copying at once", "none", "< 300 MiB")],
    "pods": [("by a Job in a Pod", "as a process of this machine", ">= 0.9x its speed"),
             ("2 worker Pods at a time", "one of them", ">= 1.9x its speed"),
             ("4 worker Pods at a time", "one of them", ">= 3.6x its speed")],
    "lists": [("10,000 VMs", "python -c pass", "<= 15x its time, < 0.3 s")],
    "reports": [("as html", "none", "< 10 s, < 300 MiB"), ("as xlsx", "none", "< 10 s, < 300 MiB")],
    "manifests": [("10,000 VirtualMachines and claims", "json.load", "<= 20x its time, < 60 s")],
    "moves": [("whole move with proof", "virt-v2v -i ova -o local", "<= 1.25x its time"),
              ("fit for virtio", "virt-v2v -i ova -o local", "<= 0.5x its time")],
}  # fmt: skip


def test_every_line_of_the_table_is_there() -> None:
    assert list(LINES) == list(TABLE)


@pytest.mark.parametrize("line", TABLE)
def test_every_line_was_measured(line: str) -> None:
    found = results.load().lines[line].figures
    assert len(found) == len(TABLE[line])
    for one, (work, peer, goal) in zip(found, TABLE[line], strict=True):
        assert work in one.work
        assert peer in one.peer
        assert one.goal == goal


def test_the_page_is_made_of_what_was_measured() -> None:
    assert report.PAGE.read_text() == report.page(results.load())


def test_a_goal_that_was_missed_is_called_so() -> None:
    slow = figure("w", "p", [(2.0, 1.0)], 1.0, "speed")
    page = report.page(Results({"near": Result((slow,), "0.0 and 1.0", "a machine")}))
    assert (
        "| w | p | >= 1x its speed | 0.50x | 0.50 to 0.50 | 2.000 s | 1.000 s | 1 | missed, fewer than 5 rounds |\n"
        in page
    )


@pytest.mark.parametrize(("rounds", "told"), [(5, ""), (4, "fewer than 5 rounds")])
def test_too_few_rounds_are_called_so(rounds: int, told: str) -> None:
    assert report.verdict(figure("w", "p", [(1.0, 2.0)] * rounds, 1.0, "speed"), 5) == told


def test_a_line_measured_again_replaces_its_own_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "KEPT", tmp_path / "results.json")
    one, other = (Result((figure("w", "p", [(1.0, speed)], 1.0, "speed"),), "0.0", "m") for speed in (2.0, 3.0))
    results.keep({"near": one, "far": one})
    results.keep({"far": other})
    assert results.load().lines == {"near": one, "far": other}


def test_lines_and_rounds_are_chosen() -> None:
    asked = arguments().parse_args(["near", "far", "--rounds", "2"])
    assert (asked.lines, asked.rounds, asked.keep) == (["near", "far"], 2, False)
    with pytest.raises(SystemExit):
        arguments().parse_args(["nearby"])
