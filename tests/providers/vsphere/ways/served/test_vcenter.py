"""VDDK of VMs of the tests' vCenter, by the exports that the engine makes: the library is a stub, all else is real."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mtv import codec, toolsroot
from mtv.providers.vsphere.ways.exports import SECRET
from tests.providers.vsphere.ways.moving import Move, moving
from tests.vcenter.machines import MIB, Wish
from tests.vcenter.server import ADMIN, PASSWORDS, VCenter
from tests.vddk.library import Stub, library
from tests.vddk.shelves import shelve


@pytest.fixture
def stub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stub:
    made = library(tmp_path / "vddk")
    monkeypatch.setenv("MTV_VDDK", str(made.folder))
    return made


def served(stub: Stub, move: Move) -> Move:
    shelve(stub, move.vc, move.vm.id, ADMIN)
    return move


def test_where_the_library_is_configured_it_is_the_way(vc: VCenter, admin: Any, tmp_path: Path, stub: Stub) -> None:
    wish = Wish("way-vddk", disks=(20 * MIB, 5 * MIB), datastores=("LocalDS_0", "LocalDS_1"))
    move = served(stub, moving(vc, admin, tmp_path, wish))
    assert move.ways.choose(move.vm, move.vm.disks, move.around) == "vddk"
    move.go()
    assert move.is_equal()
    assert move.warnings == []


def test_in_a_tools_root_too_as_inspection_does(vc: VCenter, admin: Any, tmp_path: Path, stub: Stub) -> None:
    """There nbdkit has the plugin itself, and the network is there because the export says that it is remote."""
    move = served(stub, moving(vc, admin, tmp_path, Wish("way-inside", disks=(5 * MIB,))))
    export, scratch = move.export(), tmp_path / "scratch"
    scratch.mkdir()
    (scratch / SECRET).write_text(PASSWORDS[ADMIN])
    (scratch / "export.json").write_text(json.dumps(codec.dump(export)))
    program = f"""
import json, pathlib
from mtv import codec, providers
from mtv.converters.transfer.readers.nbd import size_bytes
from mtv.model.points import Export
folder = pathlib.Path({str(scratch)!r})
export = codec.load(Export, json.loads((folder / "export.json").read_text()), "export")
with providers.openers()[export.way](export, folder / "open", folder, serve=True) as server:
    print(size_bytes(server))
"""
    reads = [Path(path) for path in export.paths]
    argv = toolsroot.command([sys.executable, "-c", program], reads=reads, writes=[scratch], network=export.remote)
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == str(5 * MIB), done.stderr
