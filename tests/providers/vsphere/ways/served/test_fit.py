"""What mtv doctor says of VMware's library."""

from pathlib import Path

import pytest

from mtv import providers
from mtv.model.estate import Finding, Level
from mtv.providers.vsphere.ways.served.fit import fit
from tests.vddk.library import library


def found() -> Finding:
    (one,) = fit()
    assert one in list(providers.fits())
    return one


def test_not_to_have_it_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MTV_VDDK", raising=False)
    assert (found().ok, found().level, "MTV_VDDK" in found().fix) == (False, Level.INFO, True)


@pytest.mark.parametrize("version", ["6.7", "9.0"])
def test_its_version_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: str) -> None:
    monkeypatch.setenv("MTV_VDDK", str(library(tmp_path / "vddk", version).folder))
    assert (found().ok, f"library {version[0]} in " in found().text) == (True, True)


@pytest.mark.parametrize("version", ["6.0", "8.0"])
def test_one_that_does_not_load(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: str) -> None:
    """One is too old, the other no library."""
    folder = library(tmp_path / "vddk", version).folder
    if version == "8.0":
        (folder / "lib64/libvixDiskLib.so.8.0.0").write_text("no library")
    monkeypatch.setenv("MTV_VDDK", str(folder))
    one = found()
    assert (one.ok, one.level, bool(one.fix)) == (False, Level.WARNING, True)
    assert ("too old" if version == "6.0" else "does not load") in one.text
