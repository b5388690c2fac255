"""What a vCenter answers to a call of pyVmomi's, in our words: what may work when it is tried again, and what not."""

from typing import Any

from pyVmomi import vim, vmodl

from mtv.errors import CheckFailed, Held, MtvError, Temporary

AGAIN = (
    vim.fault.TaskInProgress, vim.fault.InvalidPowerState, vim.fault.ConcurrentAccess, vim.fault.FileLocked,
    vim.fault.ResourceInUse, vim.fault.Timedout, vmodl.fault.HostNotConnected, vmodl.fault.HostNotReachable,
    vmodl.fault.HostCommunication, vim.fault.NotAuthenticated,
)  # fmt: skip
FULL = (vim.fault.NoDiskSpace, vim.fault.InsufficientStorageSpace)
OUT_OF_REACH = (vim.fault.InaccessibleDatastore, vim.fault.InvalidDatastoreState, vim.fault.CannotAccessFile)


def translated(error: Any, where: str, doing: str) -> MtvError:
    """`error` is a fault as it is raised, or as a task tells of it."""
    text = f"{where}: {doing}: {said(error)}"
    if isinstance(error, vim.fault.NoPermission):
        return CheckFailed(
            "vsphere.permission", f"{where}: {doing} needs the privilege {error.privilegeId or 'of an administrator'}",
            "`mtv check provider` lists all that are missing, `mtv describe role --kind vsphere` what to grant",
        )  # fmt: skip
    if isinstance(error, vmodl.fault.ManagedObjectNotFound):
        return MtvError("source.gone", f"{where}: {doing}: it is not there any more", "did somebody remove it?")
    if isinstance(error, vmodl.fault.RequestCanceled):
        return MtvError("source.task-cancelled", f"{where}: {doing}: somebody cancelled its task", "then try it again")
    if isinstance(error, FULL):
        return Held("source.no-space", text, "make space in its datastore; `mtv run` goes on then")
    if isinstance(error, OUT_OF_REACH):
        return Held("source.unreachable", text, "mend its host or datastore; `mtv run` goes on then")
    if isinstance(error, AGAIN):
        return Temporary("source.at-work", text)
    return MtvError("vsphere.fault", text)


def said(error: Any) -> str:
    """The server's own words, and the fault's name."""
    name = type(error).__name__.rpartition(".")[2]
    parts = [str(one.message) for one in getattr(error, "faultMessage", None) or () if getattr(one, "message", None)]
    words = " ".join([str(getattr(error, "msg", "") or ""), *parts]).strip()
    return f"{words} ({name})" if words else name
