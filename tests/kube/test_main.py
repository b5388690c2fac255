"""What `make cluster` prints can be pasted into a shell, and works."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kube.cluster import Cluster
from tests.vcenter.test_main import printed, typed


@pytest.mark.slow
def test_what_is_printed_works_and_goes_with_it(one_cluster: Cluster, tmp_path: Path) -> None:
    """Beside the tests' own cluster, which has nothing to do with it."""
    argv = [sys.executable, "-m", "tests.kube"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, start_new_session=True) as started:
        try:
            told = printed(started)
            environment = {name: value for name, value in os.environ.items() if name != "MTV_STORE"}
            shell = ["/bin/sh", "-e", "-c", f"{typed(told)} -o json"]
            done = subprocess.run(shell, capture_output=True, text=True, timeout=120, env=environment, cwd=tmp_path)
            assert done.returncode == 0, done.stderr + done.stdout
            assert "Kubernetes v1.34.4" in done.stdout + done.stderr
            assert '"name": "db01"' in done.stdout
            place = Path(re.findall(r"MTV_DATA=(\S+)", told)[0]).parent
            assert (place / "mtv/store.db").exists()
            started.send_signal(signal.SIGINT)
            assert started.wait(30) == 0
            assert not place.exists()
        finally:
            started.kill()
    assert one_cluster.api.items("nodes")
