"""Wheel, sdist and editable install hold what git lists for the five folders, and nothing else."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINKED = ("providers", "converters", "plans", "ui")
FOLDERS = ("mtv", *LINKED)
LINKS = {f"mtv/{folder}" for folder in LINKED}


def tracked(*paths: str) -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z", *paths], cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.split("\0") if name and os.path.lexists(ROOT / name)]


def packaged() -> set[str]:
    """The five folders' files, as they lie in the tree."""
    return set(tracked(*FOLDERS)) - LINKS


def installed(name: str) -> str:
    """Where a file of the tree lies once it is installed."""
    return name if name.startswith("mtv/") else f"mtv/{name}"


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """sdist, and the wheel made from it, of a copy of what git lists. Without the network where that can be: setup
    has the build backend in uv's cache."""
    tree, out = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("dist")
    for name in tracked():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, tree / name, follow_symlinks=False)
    uv = [str(Path(sys.executable).with_name("uv")), "build", "--out-dir", str(out), str(tree)]
    environment = {"UV_CACHE_DIR": str(Path.home() / ".cache/mtv/uv"), **os.environ}
    done = subprocess.run([*uv, "--offline"], capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        done = subprocess.run(uv, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    return out


def test_the_wheel_holds_the_tree(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if ".dist-info/" not in name}
        metadata = {name.rpartition("/")[2] for name in archive.namelist() if ".dist-info/" in name}
    assert inside == {installed(name) for name in packaged()}
    assert {"LICENSE", "entry_points.txt"} <= metadata


def test_the_sdist_holds_the_tree(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames() if not archive.getmember(name).isdir()}
    assert {name for name in inside if name.startswith(tuple(f"{folder}/" for folder in FOLDERS))} == packaged()
    assert {"pyproject.toml", "README.md", "LICENSE"} <= inside


def outside(code: str, cwd: Path) -> str:
    """What this environment's Python says away from the tree: only what is installed can be found."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    argv = [sys.executable, "-c", code]
    return subprocess.run(argv, cwd=cwd, env=environment, capture_output=True, text=True, check=True).stdout


def test_the_editable_install_finds_every_module_in_the_tree(tmp_path: Path) -> None:
    names = {name: installed(name).removesuffix(".py").removesuffix("/__init__").replace("/", ".")
             for name in packaged() if name.endswith(".py")}  # fmt: skip
    code = f"""if True:
        import importlib.util, json, os
        found = {{}}
        for name in {sorted(names.values())!r}:
            spec = importlib.util.find_spec(name)
            found[name] = os.path.realpath(spec.origin) if spec else None
        print(json.dumps(found))"""
    found = json.loads(outside(code, tmp_path))
    assert found == {module: str(ROOT / name) for name, module in names.items()}


def test_nothing_but_mtv_is_installed(tmp_path: Path) -> None:
    code = f"import importlib.util as u; print([f for f in {(*LINKED, 'tests')!r} if u.find_spec(f)])"
    assert outside(code, tmp_path).strip() == "[]"


def test_every_package_is_listed() -> None:
    setuptools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    in_tree = {
        installed(name).removesuffix("/__init__.py").replace("/", ".")
        for name in packaged()
        if name.endswith("/__init__.py")
    }
    assert set(setuptools["packages"]) == in_tree


def test_every_folder_of_code_is_a_package() -> None:
    folders = {str(Path(name).parent) for name in packaged() if name.endswith(".py")}
    assert [folder for folder in sorted(folders) if f"{folder}/__init__.py" not in packaged()] == []


@pytest.mark.parametrize("folder", LINKED)
def test_links_point_at_the_folders(folder: str) -> None:
    assert os.readlink(ROOT / "mtv" / folder) == f"../{folder}"


@pytest.mark.parametrize("arguments", [["--help"], ["get", "--help"], ["status", "--help"]])
def test_the_command_line_starts_without_what_it_does_not_need(arguments: list[str], tmp_path: Path) -> None:
    code = f"""if True:
        import sys
        from contextlib import suppress
        from mtv.cli import main
        sys.argv = ["mtv", *{arguments!r}]
        with suppress(SystemExit):
            main()
        dear = {{"textual", "pydantic", "sqlite_utils", "jsonschema", "cryptography", "guestfs", "nbd", "asyncio"}}
        print(sorted(dear & set(sys.modules)))"""
    assert outside(code, tmp_path).splitlines()[-1] == "[]"


def test_every_provider_that_is_registered_loads(tmp_path: Path) -> None:
    code = """if True:
        from importlib.metadata import entry_points
        for group in ("mtv.sources", "mtv.targets"):
            for one in entry_points(group=group):
                print(group, one.name, one.load().kind)"""
    for line in outside(code, tmp_path).splitlines():
        _, name, kind = line.split()
        assert name == kind
