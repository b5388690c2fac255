"""The cluster as fixtures: one for the whole run and all its processes, and a namespace for each test."""

import os
import re
from collections.abc import Generator, Iterator, Sequence

import pytest

from tests.kube.cluster import Cluster, Namespace, cluster
from tests.kube.images.worker import worker_image as made_image
from tests.kube.telling import told


@pytest.hookimpl(tryfirst=True)  # before tests are chosen by marks, and before xdist looks for groups
def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """make quick neither builds nor starts a cluster; else one process has it, so that a test may stop a part of it."""
    for item in items:
        if "one_cluster" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.xdist_group("cluster"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """The namespace is there no more when somebody reads of a failure."""
    report = yield
    kube = getattr(item, "funcargs", {}).get("kube")
    if report.when == "call" and report.failed and isinstance(kube, Namespace):
        report.sections.append((f"namespace {kube.name}", told(kube)))
    return report


@pytest.fixture(scope="session")
def one_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    if os.geteuid():
        pytest.skip("a cluster needs root")
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with cluster(shared, tmp_path_factory.mktemp("kube")) as up:
        yield up


@pytest.fixture
def kube(one_cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[Namespace]:
    """The test's namespace, and by it the cluster and its API."""
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")
    with one_cluster.namespace(name[:30].strip("-")) as made:
        yield made


@pytest.fixture(scope="session")
def worker_image(one_cluster: Cluster) -> str:
    """The workers' image of this very source, for Pods that never pull: NAME@DIGEST."""
    image = made_image()
    one_cluster.load(image.tar)
    return image.name
