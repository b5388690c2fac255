"""What is told of a namespace whose test failed."""

from tests.kube.cluster import Namespace
from tests.kube.pods import pod
from tests.kube.telling import told
from tests.kube.waiting import until


def test_pods_last_words_events_and_the_node_are_told(kube: Namespace) -> None:
    kube.api.create("pods", kube.name, pod("box", "echo farewell; exit 3"))
    until(kube.api, "pods", kube.name, "box", lambda found: found["status"]["phase"] == "Failed")
    said = told(kube)
    for part in ("pod box: Failed", "'exitCode': 3", "farewell", "Pod box: Started", "node localhost", "Ready=True"):
        assert part in said
