"""A bundle goes up into the tests' cluster: its disks by CDI's upload, its VM halted, and nothing that takes the data
with it when it is deleted."""

import os
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from mtv.cli import cli
from tests.cli.sandbox import Sandbox
from tests.cli.test_examples import examples
from tests.kube.cluster import Namespace
from tests.kube.fakes.serving import PORT
from tests.kube.waiting import until

CLAIMS, VMS, DATA_VOLUMES = (
    "persistentvolumeclaims",
    "kubevirt.io/v1/virtualmachines",
    "cdi.kubevirt.io/v1beta1/datavolumes",
)

DISK_BYTES = 8 << 20


@pytest.fixture
def bundle(box: Sandbox, kube: Namespace) -> Path:
    """Of db01, whose disk has 8 MiB; and the cluster is remembered as lab."""
    box.plan()
    assert box.mtv("run", "plan.yaml").code == 0
    made = box.mtv("add", "provider", "lab", f"{kube.cluster.kubeconfig}?namespace={kube.name}", "--kind", "kubevirt")
    assert made.code == 0, made.err
    return box.folder / "out" / "db01"


def stored(kube: Namespace, claim: str = "db01-disk0") -> bytes:
    """As long as the disk is; CDI makes a file as long as the claim has room for."""
    found = kube.api.get(CLAIMS, kube.name, claim)
    place = Path(kube.api.get("persistentvolumes", None, found["spec"]["volumeName"])["spec"]["local"]["path"])
    os.sync()
    held = (place if place.is_block_device() else place / "disk.img").read_bytes()
    assert not any(held[DISK_BYTES:])
    return held[:DISK_BYTES]


class TestIntoACluster:
    @pytest.fixture
    def words(self, kube: Namespace) -> list[str]:
        """As the command's help shows it, but for the cluster's own names."""
        (example,) = examples(("import",))
        typed = example.removeprefix("mtv ").replace("finance", kube.name)
        return [*shlex.split(typed), "--upload-proxy", kube.cluster.reach(PORT)]

    def test_its_disk_and_its_vm_are_there_and_outlive_what_made_them(
        self, box: Sandbox, bundle: Path, kube: Namespace, words: list[str]
    ) -> None:
        said = box.mtv(*words)
        assert said.code == 0, said.err
        assert (said.out, "1 disk sent" in said.err) == (f"{kube.name}/db01\n", True)
        assert "is what its receipt signs for" in said.err
        assert stored(kube) == (bundle / "disk0.raw").read_bytes()
        vm = kube.api.get(VMS, kube.name, "db01")
        assert vm["spec"]["runStrategy"] == "Halted"
        claim = kube.api.get(CLAIMS, kube.name, "db01-disk0")
        assert "ownerReferences" not in claim["metadata"]
        assert kube.api.items(DATA_VOLUMES, kube.name) == []
        kube.api.delete(VMS, kube.name, "db01")
        again = box.mtv(*words)
        assert (again.code, "0 disks sent, 1 disk was there already" in again.err) == (0, True), again.err
        assert kube.api.get(CLAIMS, kube.name, "db01-disk0")["metadata"]["uid"] == claim["metadata"]["uid"]
        (bundle / "disk0.raw").write_bytes(b"another" + (bundle / "disk0.raw").read_bytes()[7:])
        refused = box.mtv(*words)
        assert (refused.code, "differs from what was handed over" in refused.err) == (4, True)
        refused = box.mtv(*words, "--as-is")
        assert (refused.code, "is there for another state of disk0.raw" in refused.err) == (4, True)

    def test_an_upload_that_was_cut_begins_its_disk_anew(
        self, box: Sandbox, bundle: Path, kube: Namespace, words: list[str]
    ) -> None:
        """The command died between: its DataVolume waits, and is known again."""
        done = box.mtv(*words[:-1], "127.0.0.1:1", "--class", "local")
        assert (done.code, "nothing listens at 127.0.0.1:1" in done.err) == (1, True), done.err
        until(kube.api, DATA_VOLUMES, kube.name, "db01-disk0", lambda one: one["status"].get("phase") == "UploadReady")
        done = box.mtv(*words, "--class", "local")
        assert done.code == 0, done.err
        assert stored(kube) == (bundle / "disk0.raw").read_bytes()
        assert kube.api.items(DATA_VOLUMES, kube.name) == []

    def test_a_claim_that_is_somebody_elses_stays_as_it_is(
        self, box: Sandbox, bundle: Path, kube: Namespace, words: list[str]
    ) -> None:
        spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "8Mi"}}}
        kube.api.create(CLAIMS, kube.name, {"metadata": {"name": "db01-disk0"}, "spec": spec})
        said = box.mtv(*words)
        assert (said.code, "is there and not ours" in said.err) == (4, True), said.err
        assert kube.api.items(VMS, kube.name) == []


def test_what_is_no_bundle_or_no_cluster_is_refused_before_anything_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MTV_DATA", str(tmp_path))
    said = CliRunner().invoke(cli, ["import", str(tmp_path), "--to", "kubevirt:lab"], standalone_mode=False)
    assert "is no bundle" in str(said.exception)
