"""The workers' image: what Containerfile builds, of the tools root that scripts/tools-root made. Of its two layers the
tree's is made once; a change of this source makes the small one anew."""

import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from mtv import toolsroot
from mtv.settings import settings
from tests.guests.cache import digest, kept
from tests.kube.images.oci import Blob, Image, pack, write

ROOT = Path(__file__).parents[3]
CODE = (Path(__file__), Path(__file__).with_name("oci.py"))
FOLDERS = ("mtv", "providers", "converters", "plans", "ui")
NAME = "localhost/mtv-worker"
USER = 107  # as whom KubeVirt and CDI write disks
ACCOUNTS = {"passwd": f"mtv:x:{USER}:{USER}:mtv:/tmp:/usr/sbin/nologin", "group": f"mtv:x:{USER}:"}
ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/sbin:/usr/bin",
    "HOME": "/tmp",
    "TMPDIR": "/tmp",
    "LANG": "C.UTF-8",
    "PYTHONPATH": "/mtv/python:/mtv/tree",
    "LIBGUESTFS_BACKEND": "direct",
    "LIBGUESTFS_PATH": "/mtv/appliance",
    "LIBGUESTFS_CACHEDIR": "/tmp",
    "MTV_TOOLS_ROOT": "/",
}
ENTRYPOINT = ("/usr/local/bin/mtv",)
PROGRAM = "#!/usr/bin/python3\nimport sys\n\nfrom mtv.cli import main\n\nsys.exit(main())\n"


@dataclass(frozen=True)
class Tree:
    """The tools root as a layer."""

    blob: Blob
    file: Path

    @property
    def name(self) -> str:
        """Of an image of it alone."""
        return f"localhost/mtv-tools:{self.blob.digest.removeprefix('sha256:')[:16]}"


@dataclass(frozen=True)
class WorkerImage:
    """`tar` lacks the tree; Pods have the image by `name` once it was imported beside that."""

    tree: Tree
    tar: Path
    name: str


def worker_image() -> WorkerImage:
    """Raises RuntimeError where there is no tools root."""
    made = tree()
    sources = [part for file in _sources() for part in (str(file.relative_to(ROOT)), file)]
    folder = kept("worker-image", [made.blob.digest, *CODE, *sources], lambda folder: build(folder, made.blob))
    return WorkerImage(made, folder / "image.tar", (folder / "name").read_text())


def tree() -> Tree:
    """Its times are kept: what Python compiled there knows them."""
    root = settings().tools_root
    if not toolsroot.available():
        raise RuntimeError(f"no tools root in {root}: run scripts/tools-root")
    folder = kept("worker-tree", [root / "mtv/key", *CODE], lambda folder: _pack_tree(root, folder))
    media, known, size = (folder / "layer").read_text().split()
    return Tree(Blob(media, known, int(size)), folder / "layer.tar")


def _pack_tree(root: Path, folder: Path) -> None:
    left_out = [f"--exclude=./{name}/*" for name in ("dev", "run", "mtv/tree", "mtv/make")]
    blob = pack(root, folder / "layer.tar", "--one-file-system", *left_out)
    (folder / "layer").write_text(f"{blob.media} {blob.digest} {blob.size_bytes}")


def config() -> dict[str, object]:
    environment = [f"{name}={value}" for name, value in ENVIRONMENT.items()]
    return {"User": f"{USER}:{USER}", "Env": environment, "Entrypoint": list(ENTRYPOINT), "WorkingDir": "/tmp"}


def build(folder: Path, tree: Blob) -> None:
    """What this tree's wheel holds, compiled by the Python that will run it, and the account."""
    files = folder / "files"
    package = files / "mtv/tree"
    package.mkdir(parents=True)
    _install(package)
    _compile(package)
    _accounts(files)
    program = files / ENTRYPOINT[0].lstrip("/")
    program.parent.mkdir(parents=True)
    program.write_text(PROGRAM)
    program.chmod(0o755)
    layer = pack(files, folder / "layer.tar", "--mtime=@0", "--owner=0", "--group=0", "--mode=u=rwX,go=rX")
    image = Image.of(config(), [tree, layer])
    name = f"{NAME}@{image.manifest.digest}"
    names = [name, f"{NAME}:{digest([name])}"]
    write(folder / "image.tar", image, names, {layer: folder / "layer.tar"})
    (folder / "name").write_text(name)
    (folder / "layer.tar").unlink()
    shutil.rmtree(files)


def _accounts(files: Path) -> None:
    (files / "etc").mkdir()
    for name, line in ACCOUNTS.items():
        known = (settings().tools_root / "etc" / name).read_text()
        (files / "etc" / name).write_text(f"{known}{line}\n")


def _compile(package: Path) -> None:
    """Never looked at again whether it fits: the root file system of a worker cannot be written."""
    argv = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    argv += ["-s", str(package), "-p", "/mtv/tree", str(package)]
    subprocess.run(toolsroot.command(argv, writes=[package]), check=True)


def _install(package: Path) -> None:
    """What the wheel holds (a test compares), without building one: quicker, and the tree need not be whole."""
    for file in _sources():
        name = file.relative_to(ROOT)
        if name.parts[0] in FOLDERS:
            copy = package / ("" if name.parts[0] == "mtv" else "mtv") / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, copy)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    metadata = package / f"mtv_toolkit-{project['version']}.dist-info"
    metadata.mkdir()
    told = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    (metadata / "METADATA").write_text(told)
    groups = {"console_scripts": project["scripts"], **project["entry-points"]}
    lines = [line for group, names in groups.items() for line in (f"[{group}]", *map(" = ".join, names.items()), "")]
    (metadata / "entry_points.txt").write_text("\n".join(lines))


def _sources() -> list[Path]:
    """What git knows, and what it does not know yet and does not ignore. Links are the packages' layout, no content."""
    argv = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *FOLDERS, "pyproject.toml"]
    listed = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return [ROOT / name for name in sorted(set(listed)) if name and (ROOT / name).is_file()]
