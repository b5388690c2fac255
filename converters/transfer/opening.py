"""Opening a disk's export, and opening it again when it breaks off: three times without progress between, then the
migration is held, for undoing would not mend the source."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from mtv.converters.transfer.disks import Share
from mtv.converters.transfer.readers.source import Source
from mtv.errors import Held, MtvError, Temporary
from mtv.formats.blank import Blank

WAIT_STEP_S = 0.1


@contextmanager
def open_source(share: Share) -> Iterator[Source]:
    """The export of that disk; a blank disk has none. Raises Held `source.changed` if it is not as it was planned."""
    export = share.disk.export
    if export is None:
        yield Source(Blank(share.volume.size_bytes), share.limits)
        return
    opener = share.job.openers.get(export.way)
    if opener is None:
        raise MtvError("source.way", f"no provider of this machine opens '{export.way}'", "run `mtv doctor`")
    folder = share.job.folder / "open" / str(share.volume.index)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with opener(export, folder, share.job.folder / "secrets") as opened:
        source = Source(opened, share.limits)
        if source.size_bytes != export.size_bytes:
            raise Held(
                "source.changed", f"it has {source.size_bytes} bytes now and had {export.size_bytes}",
                "refresh the source with `mtv refresh` and plan the VM anew",
            )  # fmt: skip
        yield source


class Reconnects:
    """How often a source broke off. Reading on for a flush's worth of bytes in between starts the count anew; less
    does not, for beside a bad sector there are always some good ones."""

    def __init__(self, share: Share) -> None:
        self._share = share
        self._count = 0

    def recover(self, error: Temporary, read_bytes: int) -> None:
        """Wait until it is to be opened again. Raises Held `source.unreadable` when that was tried enough."""
        limits, fault = self._share.limits, error.fault
        self._count = 1 if read_bytes >= limits.flush_bytes else self._count + 1
        if self._count > limits.reconnects:
            raise Held(
                "source.unreadable", f"{fault.text}, {self._count} times in a row ({fault.code})",
                "mend the source, then `mtv run` goes on from what is copied",
            ) from error  # fmt: skip
        text = f"{fault.text}; opening it again ({self._count} of {limits.reconnects})"
        self._share.job.say("log", {"level": "warning", "disk": self._share.disk.id, "text": text})
        until = time.monotonic() + limits.reconnect_s[min(self._count, len(limits.reconnect_s)) - 1]
        while time.monotonic() < until and not self._share.stopping():
            time.sleep(WAIT_STEP_S)
