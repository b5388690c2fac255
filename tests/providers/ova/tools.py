"""The newer qemu of the tools root, run by its own loader, for what has to work with both versions."""

import subprocess
from pathlib import Path

import pytest

from mtv.settings import settings

SCRIPT = """#!/bin/sh
exec "{root}/lib64/ld-linux-x86-64.so.2" --library-path "{root}/usr/lib/x86_64-linux-gnu" \
    "{root}/usr/bin/{name}" "$@"
"""


def use_newer(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put it first on the PATH; skips where there is no tools root."""
    root = settings().tools_root
    if not (root / "usr/bin" / name).exists():
        pytest.skip("no tools root: run scripts/tools-root")
    folder.mkdir(parents=True)
    script = folder / name
    script.write_text(SCRIPT.format(root=root, name=name))
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    version = subprocess.run([name, "--version"], check=True, capture_output=True, text=True).stdout
    assert int(version.split()[1].split(".")[0]) >= 10, version
