"""The workers' image is one, however it is built, and does in a restricted Pod what a worker does."""

import configparser
import hashlib
import json
import re
import tarfile
import zipfile
from pathlib import Path

import pytest

from mtv.settings import settings
from tests.kube.api import Object, path
from tests.kube.cluster import Namespace
from tests.kube.images import worker
from tests.kube.images.oci import Blob, Image, append, write
from tests.kube.pods import pod
from tests.kube.waiting import until
from tests.test_packaging import built as built
from tests.test_packaging import installed, packaged

ROOT = Path(__file__).parents[3]
CONTAINERFILE = (ROOT / "Containerfile").read_text()
COPY = """
import guestfs, sys
disk = guestfs.GuestFS(python_return_dict=True)
disk.disk_create("/tmp/disk", "raw", 8 << 20)
disk.add_drive_opts("/tmp/disk", format="raw")
disk.launch()
disk.mkfs("ext2", "/dev/sda")
print(disk.vfs_type("/dev/sda"))
"""
NBD = "set -e; truncate -s 4M /tmp/disk; nbdkit -U - file /tmp/disk --run 'nbdinfo --size \"$uri\"'"


def run(kube: Namespace, image: str, script: str) -> str:
    """What a shell says in a Pod as the workers': another's user, no capabilities, nothing to be written but /tmp."""
    made = worker_pod(image, script)
    kube.api.create("pods", kube.name, made)
    ended = until(kube.api, "pods", kube.name, "worker", lambda one: one["status"]["phase"] in ("Succeeded", "Failed"))
    said = kube.api.ask("GET", path("pods", kube.name, "worker", "log")).body.decode()
    assert ended["status"]["phase"] == "Succeeded", said
    return said


def worker_pod(image: str, script: str) -> Object:
    made = pod("worker", script)
    (container,) = made["spec"]["containers"]
    container |= {"image": image, "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}]}
    container["securityContext"]["readOnlyRootFilesystem"] = True
    made["spec"]["volumes"] = [{"name": "tmp", "emptyDir": {}}]
    return made


def test_a_restricted_pod_of_it_has_mtv_and_what_it_needs(kube: Namespace, worker_image: str) -> None:
    said = run(kube, worker_image, f"id -un; mtv worker --help; {NBD}; mtv doctor")
    assert said.startswith("mtv\nUsage: mtv worker")
    assert "\n4194304\n" in said


@pytest.mark.appliance
def test_libguestfs_starts_in_it(kube: Namespace, worker_image: str) -> None:
    said = run(kube, worker_image, f"LIBGUESTFS_BACKEND_SETTINGS=force_tcg python3 -c '{COPY}'")
    assert said == "ext2\n"


def test_it_is_known_by_its_digest(kube: Namespace, worker_image: str) -> None:
    assert re.fullmatch(r"localhost/mtv-worker@sha256:[0-9a-f]{64}", worker_image)
    run(kube, worker_image, "true")
    status = kube.api.get("pods", kube.name, "worker")["status"]["containerStatuses"][0]
    assert status["imageID"].endswith(worker_image.partition("@")[2])


def test_the_containerfile_says_the_same() -> None:
    final = CONTAINERFILE[CONTAINERFILE.index("FROM scratch") :].replace("\\\n", "")
    told = dict(re.findall(r"^(ENV|USER|WORKDIR|ENTRYPOINT) (.*)$", final, re.MULTILINE))
    config = worker.config()
    assert told["ENV"].split() == config["Env"]
    assert (told["USER"], told["WORKDIR"]) == (config["User"], config["WorkingDir"])
    assert json.loads(told["ENTRYPOINT"]) == config["Entrypoint"]
    for line in worker.ACCOUNTS.values():
        assert f'echo "{line}"' in CONTAINERFILE
    assert repr(worker.PROGRAM)[1:-1] in CONTAINERFILE


def test_there_is_one_list_of_packages() -> None:
    assert "$(sed 's/#.*//' /mtv/make/packages)" in CONTAINERFILE
    assert "packages=$(sed 's/#.*//' \"$here/scripts/packages\"" in (ROOT / "scripts/tools-root").read_text()
    listed = (ROOT / "scripts/packages").read_text().splitlines()
    packages = [name for line in listed if (name := line.partition("#")[0].strip())]
    assert len(packages) == len(set(packages))
    for file in ("Containerfile", "scripts/tools-root", "scripts/worker-image"):
        words = set(re.findall(r"[a-z0-9][a-z0-9.+-]+", re.sub(r"^ *#.*$", "", (ROOT / file).read_text(), flags=re.M)))
        assert words & set(packages) <= {"ca-certificates"}, file


def test_the_tree_has_what_the_list_says() -> None:
    status = (settings().tools_root / "var/lib/dpkg/status").read_text()
    installed = set(re.findall(r"^Package: (\S+)$", status, re.MULTILINE))
    listed = re.sub(r"#.*", "", (ROOT / "scripts/packages").read_text()).split()
    assert set(listed) - installed == set()


@pytest.mark.slow
def test_it_is_the_same_each_time_that_it_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image = worker.worker_image()
    again = tmp_path / "again"
    again.mkdir()
    worker.build(again, image.tree.blob)
    assert (again / "name").read_text() == image.name
    assert (again / "image.tar").stat().st_size < 10 << 20


@pytest.mark.slow
def test_it_holds_what_the_wheel_does(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        expected = {name for name in archive.namelist() if ".dist-info/" not in name}
        (points,) = (archive.read(name) for name in archive.namelist() if name.endswith("/entry_points.txt"))
    with tarfile.open(worker.worker_image().tar) as image:
        layers = [image.extractfile(info) for info in image if info.size > 1 << 16]
        (layer,) = filter(None, layers)
        with tarfile.open(fileobj=layer) as tree:
            found = {info.name.removeprefix("./mtv/tree/") for info in tree if info.isfile()}
            (name,) = (name for name in tree.getnames() if name.endswith("/entry_points.txt"))
            told = tree.extractfile(name)
            assert told
            assert read_points(told.read()) == read_points(points)
    tracked = {installed(name) for name in packaged()}  # the image has what is not committed yet, too
    assert found & tracked == expected


def read_points(text: bytes) -> dict[str, dict[str, str]]:
    parser = configparser.ConfigParser()
    parser.read_string(text.decode())
    return {name: dict(parser[name]) for name in parser.sections()}


def test_what_a_tar_lacked_is_added(tmp_path: Path) -> None:
    """As scripts/worker-image does for other tools."""
    files = {
        Blob.layer(file): file for file in (tmp_path / "one", tmp_path / "two") if file.write_bytes(file.name.encode())
    }
    image = Image.of(worker.config(), list(files))
    first, second = files
    write(tmp_path / "out.tar", image, ["localhost/a:1"], {second: files[second]})
    append(tmp_path / "out.tar", {first: files[first]})
    with tarfile.open(tmp_path / "out.tar") as tar:
        found = {info.name: reader.read() for info in tar if (reader := tar.extractfile(info))}
    manifest = json.loads(found[f"blobs/{json.loads(found['index.json'])['manifests'][0]['digest'].replace(':', '/')}"])
    for said in (manifest["config"], *manifest["layers"]):
        content = found[f"blobs/{said['digest'].replace(':', '/')}"]
        assert (len(content), f"sha256:{hashlib.sha256(content).hexdigest()}") == (said["size"], said["digest"])
