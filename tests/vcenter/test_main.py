"""What `make vcenter` prints can be pasted into a shell, and works."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

VMS = 120  # the estate that other tests have, too


@pytest.fixture
def started(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    more = getattr(request, "param", "--no-guest")
    argv = [sys.executable, "-m", "tests.vcenter", "--vms", str(VMS), "--listen", "127.0.0.1:0", more]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        yield process
        process.kill()


def typed(told: str) -> str:
    return "\n".join(line.strip() for line in told.splitlines() if line.startswith("    "))


def printed(process: subprocess.Popen[str]) -> str:
    """All of it, until it only waits."""
    told = ""
    for line in process.stdout or ():
        told += line
        if line.startswith("Ctrl-C"):
            return told
    raise AssertionError(told)


def test_what_is_printed_works_and_goes_with_it(started: subprocess.Popen[str], tmp_path: Path) -> None:
    told = printed(started)
    shell = ["/bin/sh", "-e", "-c", f"{typed(told)} -o json"]
    environment = {name: value for name, value in os.environ.items() if name != "MTV_STORE"}
    done = subprocess.run(shell, capture_output=True, text=True, timeout=60, env=environment, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"vc01: {VMS} VMs" in done.stderr
    found = json.loads(done.stdout)
    assert found
    assert all(vm["snapshots"] for vm in found)
    page = (tmp_path / "estate.html").read_text()
    assert f"<b>{VMS}</b>\n<span>VMs</span>" in page
    assert (tmp_path / "estate.html").as_uri() in done.stderr, "a terminal makes a link of it"

    place = Path(re.findall(r"MTV_DATA=(\S+)", told)[0]).parent
    assert (place / "mtv/store.db").exists()
    started.send_signal(signal.SIGINT)
    assert started.wait(20) == 0
    assert not place.exists()


@pytest.mark.appliance
@pytest.mark.parametrize("started", ["--guest"], indirect=True)
def test_its_debian_is_moved_and_boots(started: subprocess.Popen[str], tmp_path: Path) -> None:
    shell = ["/bin/sh", "-e", "-c", typed(printed(started))]
    environment = {name: value for name, value in os.environ.items() if name != "MTV_STORE"}
    done = subprocess.run(shell, capture_output=True, text=True, timeout=600, env=environment, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "finance-db01: done in" in done.stdout
    assert re.search(r"finance-db01 is up .*; \d+ same$", done.stderr, re.M)
