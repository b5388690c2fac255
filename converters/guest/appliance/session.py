"""One libguestfs session: the appliance with a VM's disks in it, its files to be read and written."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from mtv.converters.guest.appliance.handle import Handle
from mtv.converters.guest.files import READ_LIMIT_BYTES
from mtv.converters.guest.folder import too_big
from mtv.errors import MtvError, Temporary
from mtv.kvm import kvm_works

CHUNK_BYTES = 1 << 20  # one message of the appliance holds less than 4 MiB
MATCHES_LIMIT = 10_000
PROCESSORS = 2  # its udev asks about several devices at a time: 0.8 s less of a start under emulation
_SETTINGS = "LIBGUESTFS_BACKEND_SETTINGS"  # given, if empty, by whoever knows whether KVM works: asking takes a second


def environment() -> Mapping[str, str]:
    """What libguestfs is told by whoever starts one of its programs, or a session of ours."""
    given = {name: value for name, value in os.environ.items() if name.startswith("LIBGUESTFS_BACKEND")}
    chosen = {"LIBGUESTFS_BACKEND": "direct"}
    if _SETTINGS not in given and not kvm_works():
        chosen[_SETTINGS] = "force_tcg"  # else it waits for ever where KVM only seems to be there
    return {**chosen, **given}


@contextmanager
def session(overlays: Sequence[Path]) -> Iterator[Handle]:
    """The appliance runs while the context lasts. What was written is in the overlays afterwards, and durable."""
    handle = _handle()
    try:
        for overlay in overlays:
            # unsafe: nothing is flushed before the end (below); a crash before it throws the overlays away
            handle.add_drive_opts(str(overlay), format="qcow2", cachemode="unsafe", discard="besteffort")
        try:
            handle.launch()
        except RuntimeError as error:
            text = f"the libguestfs appliance did not start: {_first_line(error)}"
            raise Temporary("appliance.start", text, "`mtv doctor` says what is missing") from error
        with _told(handle):
            yield handle
            handle.umount_all()
        handle.shutdown()
    finally:
        handle.close()
    for overlay in overlays:
        with overlay.open("rb") as file:
            os.fsync(file.fileno())


def _first_line(error: Exception) -> str:
    """The rest is how to report it to libguestfs's own people."""
    return str(error).partition("\n")[0][:300]


@contextmanager
def _told(handle: Handle) -> Iterator[None]:
    """What libguestfs raises, as errors of ours. An appliance that is gone (its QEMU was killed) is nobody's fault:
    the overlays are thrown away, and the next attempt begins anew."""
    try:
        yield
    except (RuntimeError, MtvError) as error:
        if not _answers(handle):
            raise Temporary(
                "appliance.lost", f"the libguestfs appliance ended in the midst of it: {_first_line(error)}"
            ) from error
        if isinstance(error, MtvError):
            raise
        raise MtvError("appliance.failed", f"libguestfs could not go on: {str(error)[:300]}", _HINT) from error


_HINT = "look at the guest's disks with `guestfish --ro`, or `conversion: none` to move them as they are"


def _answers(handle: Handle) -> bool:
    try:
        handle.ping_daemon()
    except RuntimeError:
        return False
    return True


def _handle() -> Handle:
    try:
        import guestfs  # here: the rest of mtv works without it
    except ImportError as error:
        raise MtvError("appliance.missing", "Python's libguestfs is not installed", "run scripts/setup") from error
    handle: Handle = guestfs.GuestFS(python_return_dict=True, close_on_exit=True)
    told = environment()
    handle.set_smp(PROCESSORS)
    handle.set_backend(told["LIBGUESTFS_BACKEND"])
    for setting in filter(None, told.get(_SETTINGS, "").split(":")):
        name, _, value = setting.partition("=")
        handle.set_backend_setting(name, value or "1")
    return handle


class ApplianceFiles:
    """GuestFiles of what is mounted. libguestfs resolves links inside the guest."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle

    def exists(self, path: str) -> bool:
        return bool(self._handle.exists(path))

    def read(self, path: str, limit_bytes: int = READ_LIMIT_BYTES) -> bytes:
        """By pread, 1 ms a call; libguestfs's own read_file takes 80 ms under emulation. Only what is a plain file is
        opened: a pipe that a stranger left there would never end to open, and a device do who knows what."""
        if not self._is_file(path):
            raise FileNotFoundError(path)
        data = bytearray()
        while True:
            chunk = self._chunk(path, CHUNK_BYTES, len(data))
            data += chunk
            if len(data) > limit_bytes:
                raise too_big(path, limit_bytes)
            if len(chunk) < CHUNK_BYTES:
                return bytes(data)

    def head(self, path: str, size_bytes: int) -> bytes:
        if not self._is_file(path):
            raise FileNotFoundError(path)
        return self._chunk(path, size_bytes, 0)

    def _is_file(self, path: str) -> bool:
        try:
            return self._handle.is_file(path, followsymlinks=True)
        except RuntimeError as error:  # a link to itself, for one
            raise MtvError("guest.unreadable", f"cannot look at {path} in the guest: {error}") from error

    def _chunk(self, path: str, size_bytes: int, offset: int) -> bytes:
        try:
            return self._handle.pread(path, size_bytes, offset)
        except RuntimeError as error:
            raise MtvError("guest.unreadable", f"cannot read {path} in the guest: {error}") from error

    def glob(self, pattern: str) -> list[str]:
        try:
            return sorted(self._handle.glob_expand(pattern, directoryslash=False))[:MATCHES_LIMIT]
        except RuntimeError as error:  # 4 MiB of names, for one
            raise MtvError("guest.unreadable", f"cannot list {pattern} in the guest: {error}") from error
