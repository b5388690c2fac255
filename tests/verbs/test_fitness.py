"""What mtv doctor concludes."""

from pathlib import Path

import pytest

from mtv.model.estate import Level
from mtv.verbs import fitness
from mtv.verbs.fitness import Tool, Version

BOTH = Tool("virt-v2v-in-place", "virt-v2v", (2, 2), "conversion", either=True)
HERE = Tool("nbdkit", "nbdkit", (1, 32), "copying")


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("virt-v2v 2.2.0", (2, 2, 0)),
        ("qemu-img version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)\nCopyright (c) 2003-2022", (7, 2, 22)),
        ("nbdkit 1.42.3 (nbdkit-1.42.3-1)", (1, 42, 3)),
        ("no number", None),
        ("", None),
    ],
)
def test_versions_are_found_in_what_programs_say(said: str, version: Version | None) -> None:
    assert fitness.version_in(said) == version


@pytest.mark.parametrize(
    ("tool", "host", "inside", "ok"),
    [
        (BOTH, (2, 2, 0), None, True),
        (BOTH, (2, 0, 7), (2, 6, 0), True),
        (BOTH, None, (2, 6, 0), True),
        (BOTH, (2, 0, 7), None, False),
        (BOTH, None, None, False),
        (HERE, (1, 32, 5), None, True),
        (HERE, None, (1, 42, 3), False),
        (HERE, (1, 9, 9), (1, 42, 3), False),
    ],
)
def test_a_tool_must_be_where_it_is_used(tool: Tool, host: Version | None, inside: Version | None, ok: bool) -> None:
    found = fitness.judge_tool(tool, host, inside)
    assert found.ok is ok
    assert found.fix == ("" if ok else f"apt install {tool.package}")


def test_a_missing_tool_says_what_for_and_how_new() -> None:
    assert fitness.judge_tool(HERE, None, None).text == (
        "none here, none in the tools root; copying needs 1.32 or newer"
    )


@pytest.mark.parametrize(
    ("there", "usable", "works", "fix"),
    [
        (True, True, True, ""),
        (False, False, False, "switch on virtualization"),
        (True, False, False, "adduser"),
        (True, True, False, "nested"),
    ],
)
def test_kvm_is_judged_by_a_guest_that_started(there: bool, usable: bool, works: bool, fix: str) -> None:
    found = fitness.judge_kvm(there, usable, works)
    assert found.ok is works
    assert fix in found.fix
    assert works or found.level is Level.WARNING  # everything works without it, slowly


def test_space_is_found_and_needed() -> None:
    found = fitness.judge_space("store-space", Path("/x"), 1 << 29, 1 << 30)
    assert not found.ok
    assert found.text == "0.5 GiB free in /x, 1 GiB are needed"
    assert fitness.judge_space("store-space", Path("/x"), 1 << 30, 1 << 30).ok


@pytest.mark.parametrize(
    ("host", "current", "key", "level", "text"),
    [
        ((2, 2), "abc", "abc\n", None, "current"),
        (None, "abc", "abc\n", None, "current"),
        ((2, 2), None, "abc\n", None, "current"),  # installed from a wheel: nothing to hold it against
        ((2, 2), "abc", "old\n", Level.WARNING, "another version"),
        ((2, 2), "abc", "", Level.WARNING, "conversion uses virt-v2v 2.2 of this machine"),
        (None, "abc", "", Level.CRITICAL, "no guest can be converted"),
        ((2, 6), "abc", "", None, "new enough"),
    ],
)
def test_a_tools_root_is_wanted_where_the_hosts_tools_are_old(
    host: fitness.Version | None, current: str | None, key: str, level: Level | None, text: str
) -> None:
    found = fitness.judge_tools_root(Path("/r"), host, (2, 6), current, key)
    assert text in found.text
    assert (found.ok, found.fix) == ((True, "") if level is None else (False, "run scripts/tools-root"))
    assert found.ok or found.level is level
