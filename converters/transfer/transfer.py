"""The operation `transfer`: all disks of a task from source to target, each held against the source's own checksum
beside its copy, where the source has one."""

import threading
from dataclasses import replace

from mtv.converters.transfer.copying import copy
from mtv.converters.transfer.disks import Share, for_each
from mtv.converters.worker.job import Job
from mtv.errors import Cancelled
from mtv.model.estate import Facts, Json
from mtv.model.points import Export
from mtv.model.reading import SourceCheck


def transfer(job: Job) -> Facts:
    """Facts: for each disk its data, its root hash, what was read and written, and the state of the source that it is a
    copy of; what the source's checksums said."""
    done = for_each(job, _transfer_one)
    states = {disk.id: _state(disk.export) for disk in job.task.disks}
    disks: dict[str, Json] = {name: {**facts, "identity": states[name]} for name, (facts, _) in done.items()}
    checks: dict[str, Json] = {name: dict(check) for name, (_, check) in done.items() if check}
    written_bytes = sum(int(str(facts["written_bytes"])) for facts, _ in done.values())
    return {"disks": disks, "checks": checks, "written_bytes": written_bytes}


def _state(export: Export | None) -> dict[str, Json]:
    """The identity differs whenever the source's bytes may: whoever has the source can tell whether it is the same."""
    return {"way": export.way, "identity": export.identity} if export else {}


def _transfer_one(share: Share) -> tuple[Facts, Facts]:
    export = share.disk.export
    check = share.job.checks.get(export.way) if export else None
    if export is None or check is None:
        return _with_check(copy(share))
    beside = _Beside(check, export, share)
    try:
        facts = copy(replace(share, stopping=lambda: share.stopping() or beside.error is not None))
    except BaseException as error:
        beside.stop()
        if isinstance(error, Cancelled) and beside.error:
            raise beside.error from error
        raise
    return _with_check(facts)[0], beside.wait()


def _with_check(facts: Facts) -> tuple[Facts, Facts]:
    """Apart, where the stream was held against its source's checksum on the way."""
    checked = facts["checked"]
    rest = {name: fact for name, fact in facts.items() if name != "checked"}
    return rest, checked if isinstance(checked, dict) else {}


class _Beside:
    """The source's own checksum, read in a thread of its own. Each attempt reads it again: what an earlier one read
    proves nothing of the bytes that come now."""

    def __init__(self, check: SourceCheck, export: Export, share: Share) -> None:
        self.error: BaseException | None = None
        self._facts: Facts = {}
        self._stopped = False
        self._thread = threading.Thread(target=self._run, args=(check, export, share), name="checksum", daemon=True)
        self._thread.start()

    def _run(self, check: SourceCheck, export: Export, share: Share) -> None:
        try:
            self._facts = check(export, lambda: self._stopped or share.stopping())
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            self.error = error

    def stop(self) -> None:
        self._stopped = True
        self._thread.join()

    def wait(self) -> Facts:
        self._thread.join()
        if self.error:
            raise self.error
        return self._facts
