"""What nbdkit, VMware's library and an SSH server say when a disk cannot be read: errors that name the disk and what to
do."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mtv.errors import CheckFailed, Held, MtvError, Temporary

RIGHTS = "`mtv check provider` lists what the copy account lacks for role vddk"


@dataclass(frozen=True)
class Told:
    """`line` is nbdkit's, without its prefix; `server` was asked for the disk."""

    what: str
    server: str
    line: str


@dataclass(frozen=True)
class Meaning:
    """The first one of a table whose words are in the log counts: causes stand before what follows from them."""

    words: str
    error: Callable[[Told], MtvError]


def meaning(table: Sequence[Meaning], lines: Sequence[str], what: str, server: str) -> MtvError | None:
    for row in table:
        words = re.compile(row.words, re.IGNORECASE)
        if found := next((line for line in reversed(lines) if words.search(line)), None):
            return row.error(Told(what, server, _plain(found)))
    return None


def _plain(line: str) -> str:
    return re.sub(r"^nbdkit: (?:[\w-]+(?:\[\d+\])?: )?(?:error|debug): ", "", line)[:300]


VDDK: Sequence[Meaning] = (
    Meaning(r"required VDDK symbol|VDDK version must be", lambda told: MtvError(
        "vddk.version", f"VMware's disk library is too old for this nbdkit: {told.line}", "get VDDK 8 or newer")),
    Meaning(r"^nbdkit: error: .*(?:cannot open shared object|invalid ELF header|file too short)", lambda told: MtvError(
        "vddk.library", f"VMware's disk library does not load: {told.line}", "unpack it anew and name it by MTV_VDDK")),
    Meaning(r"Failed to verify SSL certificate|certificate verification failed", lambda told: CheckFailed(
        "vddk.certificate", f"{told.what}: {told.server} showed VMware's library another certificate than us",
        "somebody may sit between: compare it at the server itself, then `mtv add provider` again")),
    Meaning(r"incorrect user name or password|login failure|invalid ?login", lambda told: CheckFailed(
        "vddk.login", f"{told.what}: {told.server} refused the copy account's password; it is not tried again",
        "mtv add provider ... --copy-user U --copy-secret env:VAR")),
    Meaning(r"error: .*(?:NFC error 5\b|Failed to allocate the requested)", lambda told: Temporary(
        "vddk.nfc-memory", f"{told.what}: its host has no memory left for more reads at a time (NFC error 5)",
        "lower limits.per_host of the plan, or what else reads from that host now")),
    Meaning(r"error: .*Failed to lock the file", lambda told: Temporary(
        "vddk.locked", f"{told.what}: another program holds the disk locked", "end the backup that reads it")),
    Meaning(r"error: .*do not have access rights to this file", lambda told: CheckFailed(
        "vddk.rights", f"{told.what}: the copy account may not open it", RIGHTS)),
    Meaning(r"error: .*Insufficient permissions", lambda told: CheckFailed(
        "vddk.rights", f"{told.what}: {told.server} lets the copy account do too little", RIGHTS)),
    Meaning(r"error: .*Open: .*(?:A file was not found|does not exist)", lambda told: Held(
        "vddk.no-disk", f"{told.what}: the disk is not there any more",
        "refresh the source with `mtv refresh` and plan the VM anew")),
    Meaning(r"error: .*(?:refused connection|could not be contacted|connect to host|authd)", lambda told: Temporary(
        "vddk.connection", f"{told.what}: VMware's library does not reach {told.server}, or the VM's host: {told.line}",
        "this machine needs TCP 443 of both and 902 of the host")),
    Meaning(r"error: VixDiskLib_(?:ConnectEx|Open|InitEx)", lambda told: MtvError(
        "vddk.refused", f"{told.what}: VMware's library cannot open it: {told.line}", "see nbdkit.log of the worker")),
)  # fmt: skip


def _cut(told: Told) -> MtvError:
    text = f"{told.what}: no SSH connection to {told.server}: {told.line}"
    return Temporary("ssh.connection", text, "SSH is off on an ESXi until it is started: Host > Actions > Services")


SSH: Sequence[Meaning] = (
    Meaning(r"authentication failed: Socket error|error: failed to (?:allocate|initialize) sftp session", _cut),
    Meaning(r"error: .*(?:host key|known_hosts)", lambda told: CheckFailed(
        "ssh.host-key", f"{told.what}: the SSH key of {told.server} is not the known one: {told.line}",
        f"compare it at the host's own console, then `ssh USER@{told.server}` once")),
    Meaning(r"error: .*authentication (?:methods )?failed", lambda told: CheckFailed(
        "ssh.login", f"{told.what}: {told.server} refused the copy account; it is not tried again: {told.line}",
        "an ESXi takes passwords only with `PasswordAuthentication yes` in its sshd_config; or MTV_SSH_KEY=FILE")),
    Meaning(r"error: cannot open file.*(?:no such file|not found)", lambda told: Held(
        "ssh.no-disk", f"{told.what} is not there on {told.server}",
        "refresh the source with `mtv refresh` and plan the VM anew")),
    Meaning(r"error: cannot open file.*permission denied", lambda told: CheckFailed(
        "ssh.rights", f"{told.what}: the copy account may not read it on {told.server}", "an administrator may")),
    Meaning(r"error: cannot open file", lambda told: Temporary(
        "ssh.locked", f"{told.what} cannot be opened on {told.server}: {told.line}", "is the VM off?")),
    Meaning(r"error: failed to connect to remote host", _cut),
)  # fmt: skip
