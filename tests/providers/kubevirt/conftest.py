"""A fake API server for each test that wants one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.providers.kubevirt.fake import OPEN, FakeApiServer, Time, serving


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[FakeApiServer]:
    with serving(tmp_path) as made:
        yield made


@pytest.fixture(autouse=True)
def connections_end_with_the_test() -> Iterator[None]:
    yield
    while OPEN:
        OPEN.pop().close()


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture(autouse=True)
def no_kubeconfig_of_whoever_runs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
