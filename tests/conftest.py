"""What all tests share: an emulated appliance, places of their own, the guests, and a budget of seconds per folder."""

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

pytest_plugins = [
    "tests.guests.fixtures",
    "tests.vcenter.fixtures",
    "tests.kube.fixtures",
    "tests.budget",
    "tests.crash.counts",
]

# Emulation everywhere: the same on every machine, and a /dev/kvm that is there but does not work would hang.
os.environ["LIBGUESTFS_BACKEND"] = "direct"
os.environ["LIBGUESTFS_BACKEND_SETTINGS"] = "force_tcg"

# Equal examples in every run: what fails for one fails for all. `make quick` draws few, `make soak` many new ones.
hypothesis.settings.register_profile("suite", deadline=None, derandomize=True)
hypothesis.settings.register_profile("quick", deadline=None, derandomize=True, max_examples=20)
hypothesis.settings.register_profile("soak", deadline=None, max_examples=2000)
hypothesis.settings.load_profile("suite")


@pytest.fixture(scope="session", autouse=True)
def places_of_our_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """No test sees or touches the store and the keys of whoever runs it."""
    data = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MTV_DATA", str(data))
        patch.delenv("MTV_STORE", raising=False)
        yield data
