"""Builds the simulator from the Go modules that go.sum names, and keeps it in the tests' cache: only a change of its
source, or another Go, builds it again."""

import json
import os
import re
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.guests.cache import kept

SOURCE = Path(__file__).parent / "simulator"
PLAIN = Path(__file__).parent / "plain"
OLDEST_GO = (1, 25)


def toolchain() -> Path:
    """A Go that is new enough: the machine's, or the one that scripts/setup puts into the cache."""
    cached = Path(os.environ.get("MTV_CACHE") or Path.home() / ".cache/mtv") / "go/go/bin/go"
    for found in filter(None, (shutil.which("go"), str(cached) if cached.exists() else None)):
        if version_of(Path(found)) >= OLDEST_GO:
            return Path(found)
    raise RuntimeError(f"no Go {'.'.join(map(str, OLDEST_GO))} or newer; scripts/setup installs one")


def version_of(go: Path) -> tuple[int, int]:
    said = subprocess.run([go, "version"], capture_output=True, text=True, check=True, env=environment()).stdout
    found = re.search(r"go(\d+)\.(\d+)", said)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def environment() -> dict[str, str]:
    """Nothing is linked from C, and Go fetches no other Go."""
    return {**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOWORK": "off"}


def simulator() -> Path:
    """The strict one, which tests run against."""
    return built("vcenter", SOURCE)


def plain(*, old: bool = False) -> Path:
    """The library as it is; an old version of it answers several times faster, which measures us and not it."""
    return built("vcenter-old" if old else "vcenter-plain", PLAIN, "old.mod" if old else "go.mod")


def built(name: str, source: Path, modules: str = "go.mod") -> Path:
    go = toolchain()
    versions = Path(modules).stem
    parts = [*source.glob("*.go"), source / modules, source / f"{versions}.sum"]

    def build(folder: Path) -> None:
        argv: list[str | Path] = [
            go, "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", f"-modfile={modules}",
            "-o", folder / "vcenter", ".",
        ]  # fmt: skip
        done = subprocess.run(argv, cwd=source, capture_output=True, text=True, check=False, env=environment())
        if done.returncode:
            raise RuntimeError(f"the simulator does not build: {done.stderr}")

    return kept(name, [*sorted(parts), ".".join(map(str, version_of(go)))], build) / "vcenter"


def rights() -> Path:
    """pyVmomi's own table of rights, from its type information, as the simulator reads it."""
    return kept("vcenter-rights", [version("pyvmomi"), Path(__file__)], write_rights) / "rights.json"


def write_rights(folder: Path) -> None:
    methods: dict[str, dict[str, str]] = {}
    properties: dict[str, dict[str, str]] = {}
    for name, kind in managed_types().items():
        methods[name] = {one.wsdlName: one.privId for one in kind._GetMethodList() if one.privId}
        properties[name] = {one.name: one.privId for one in kind._GetPropertyList() if one.privId}
    (folder / "rights.json").write_text(json.dumps({"methods": methods, "properties": properties}, indent=1))


def managed_types() -> dict[str, Any]:
    """Every managed type that pyVmomi has, by its name on the wire."""
    from pyVmomi import VmomiSupport

    found: dict[str, Any] = {}
    for name in list(VmomiSupport._managedDefMap):
        kind: Any = VmomiSupport.GetVmodlType(name)
        found[VmomiSupport.GetWsdlName(kind)] = kind
    return found
