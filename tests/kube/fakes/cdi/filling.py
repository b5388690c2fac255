"""How a DataVolume's claim is filled, by its source. Laxer: of sources blank, http, upload, vddk and imageio are
played, the last two without data."""

import itertools
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tests.kube.api import Object
from tests.kube.fakes.cdi import claims, contents
from tests.kube.fakes.kubevirt.state import condition
from tests.kube.fakes.pace import take

if TYPE_CHECKING:
    from tests.kube.fakes.cdi.life import Life

PVCS = "persistentvolumeclaims"
FAILS = "fakes.test/fails"  # an annotation: what its worker says when it fails, again and again
RESTARTS_S = (2, 14, 39)  # until the first restart, the second, the third; and so on
CHECKPOINT = f"{claims.PREFIX}/storage.checkpoint"
TRANSFERS = condition("Running", "True", "TransferRunning")


def fill(life: "Life", place: Path) -> None:
    size_bytes = claims.size_of(life.now)
    if "blank" in life.source:
        return contents.blank(place, size_bytes)
    if "upload" in life.source:
        return receive(life, place, size_bytes)
    life.phase("ImportInProgress", TRANSFERS, progress="N/A")
    fetch = from_http if "http" in life.source else from_checkpoints
    life.until(lambda: tried(life, lambda: fetch(life, place, size_bytes)))
    return life.put(progress="100.0%")


def tried(life: "Life", fetch: Callable[[], None]) -> bool:
    """A failing import is tried for ever: the phase stays, and restarts are counted. It never fails."""
    status = life.now.get("status", {})
    restarts = status.get("restartCount", 0)
    try:
        if told := life.annotations.get(FAILS):
            raise contents.Broken(told)
        fetch()
    except contents.Broken as broken:
        take(RESTARTS_S[min(restarts, len(RESTARTS_S) - 1)])
        kept = [one for one in status.get("conditions", []) if one["type"] != "Running"]
        failed = condition("Running", "False", "Error", str(broken))
        life.put(restartCount=restarts + 1, conditions=[*kept, failed])
        return False
    return True


def from_http(life: "Life", place: Path, size_bytes: int) -> None:
    """What is not raw goes by way of scratch space, and the phase back. Raises contents.Broken."""
    with tempfile.TemporaryDirectory(dir=life.world.folder) as folder:
        image = Path(folder) / "image"
        if contents.fetch(life.source["http"]["url"], image):
            scratch = claims.scratch(life.name, size_bytes)
            life.api.create(PVCS, life.namespace, scratch)
            life.phase("ImportScheduled")
            life.phase("ImportInProgress", TRANSFERS)
            life.api.delete(PVCS, life.namespace, scratch["metadata"]["name"])
        contents.lay(image, place, size_bytes)


def from_checkpoints(life: "Life", place: Path, size_bytes: int) -> None:
    """Between two of them it is Paused, after the last one for a moment only."""
    contents.blank(place, size_bytes)
    if not life.now["spec"].get("checkpoints"):
        return
    for number in itertools.count():
        life.until(partial(has_checkpoint, life, number))
        if number:
            life.phase("ImportScheduled")
            life.phase("ImportInProgress", TRANSFERS)
        spec = life.now["spec"]
        final = spec.get("finalCheckpoint", False) and number + 1 == len(spec["checkpoints"])
        life.api.patch(PVCS, *life.key, note(reached(spec["checkpoints"][number], final, life.name)))
        life.phase("Paused", condition("Running", "False", "Completed"))
        if final:
            return


def has_checkpoint(life: "Life", number: int) -> bool:
    return len(life.now["spec"]["checkpoints"]) > number


def reached(checkpoint: Object, final: bool, name: str) -> Object:
    return {
        f"{CHECKPOINT}.current": checkpoint["current"], f"{CHECKPOINT}.previous": checkpoint["previous"],
        f"{CHECKPOINT}.final": str(final).lower(), f"{CHECKPOINT}.copied.{checkpoint['current']}": f"importer-{name}",
    }  # fmt: skip


def receive(life: "Life", place: Path, size_bytes: int) -> None:
    """Ready, until somebody has sent it whole. How far it is, is never said."""
    scratch = claims.scratch(life.name, size_bytes)
    life.api.create(PVCS, life.namespace, scratch)
    life.world.uploads.open(life.key, place, size_bytes)
    life.api.patch(PVCS, *life.key, note({f"{claims.PREFIX}/storage.pod.ready": "true"}))
    life.phase("UploadReady", TRANSFERS, progress="N/A")
    try:
        life.until(lambda: life.world.uploads.is_done(life.key))
    finally:
        life.world.uploads.close(life.key)
        life.api.delete(PVCS, life.namespace, scratch["metadata"]["name"])
    life.phase("UploadScheduled")


def note(annotations: Object) -> Object:
    return {"metadata": {"annotations": annotations}}
