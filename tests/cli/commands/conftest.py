"""A VM that was moved, for tests that only look at it."""

import pytest

from tests.cli.sandbox import Sandbox


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    box = Sandbox(tmp_path_factory.mktemp("moved"))
    box.plan()
    assert box.mtv("run", "plan.yaml").code == 0
    return box
