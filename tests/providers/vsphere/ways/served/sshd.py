"""A real OpenSSH server on loopback, with keys, an account and a /vmfs of its own: an ESXi as far as SSH shows it. It
runs as whoever runs the tests; only root may let passwords in."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from mtv import process

USER = "esxi"
CACHED = Path(os.environ.get("MTV_CACHE") or Path.home() / ".cache/mtv") / "sshd"  # where scripts/setup unpacks one
PLACE = Path("/") if Path("/usr/sbin/sshd").exists() else CACHED
PARTS = {"SshdSessionPath": "sshd-session", "SshdAuthPath": "sshd-auth"}  # of newer servers, at fixed places
HASH = ["openssl", "passwd", "-6", "-salt", "mtv", "-stdin"]


@dataclass(frozen=True)
class Sshd:
    folder: Path
    port: int

    @property
    def known_hosts(self) -> Path:
        return self.folder / "known_hosts"

    @property
    def key(self) -> Path:
        return self.folder / "user"

    @property
    def log(self) -> str:
        return (self.folder / "sshd.log").read_text()

    def offer(self, path: str, file: Path) -> Path:
        """ "[gold] db01/db01-flat.vmdk" as the host has it."""
        store, _, name = path.removeprefix("[").partition("] ")
        place = self.folder / "vmfs/volumes" / store / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.hardlink_to(file)
        return place

    def hang_up(self) -> None:
        """Kill what serves connections, once there are several; who listens goes on."""
        until = time.monotonic() + 10
        while len(found := self._servers()) < 5 and time.monotonic() < until:
            time.sleep(0.02)
        process.kill([pid for pid in found if pid != min(found)])

    def _servers(self) -> list[int]:
        found = []
        for pid in process.descendants(os.getpid()):
            with suppress(OSError):  # it may just have ended
                if os.readlink(f"/proc/{pid}/exe").endswith("/sshd"):
                    found.append(pid)
        return found

    def know(self, key: str = "host") -> None:
        """That host key is the one that this machine has seen before."""
        public = (self.folder / f"{key}.pub").read_text().split()
        self.known_hosts.write_text(f"[127.0.0.1]:{self.port} {public[0]} {public[1]}\n")


@contextmanager
def sshd(folder: Path, password: bytes) -> Iterator[Sshd]:
    folder.mkdir()
    (folder / "vmfs/volumes").mkdir(parents=True)
    for name in ("host", "user", "other"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    (folder / "authorized_keys").write_text((folder / "user.pub").read_text())
    made = Sshd(folder, _free_port())
    made.know()
    (folder / "config").write_text(_config(made))
    _accounts(folder, password)
    with (folder / "sshd.log").open("wb") as log, process.running(_command(made), log=log) as child:
        _wait(made.port, child)
        yield made


def _config(of: Sshd) -> str:
    folder = PLACE / "usr/lib/openssh"
    parts = "\n".join(f"{option} {folder / name}" for option, name in PARTS.items() if (folder / name).exists())
    return f"""{parts}
ListenAddress 127.0.0.1
Port {of.port}
HostKey {of.folder}/host
AuthorizedKeysFile {of.folder}/authorized_keys
PasswordAuthentication yes
PermitRootLogin yes
UsePAM no
StrictModes no
PidFile none
MaxStartups 20
Subsystem sftp internal-sftp
"""


def _accounts(folder: Path, password: bytes) -> None:
    """One account, which is whoever runs this, and the one that OpenSSH gives its rights away to."""
    hashed = subprocess.run(HASH, input=password, capture_output=True, check=True).stdout.decode().strip()
    own = f"{USER}:x:{os.geteuid()}:{os.getegid()}::{folder}:/bin/sh"
    (folder / "passwd").write_text(f"{own}\nsshd:x:101:65534::/run/sshd:/usr/sbin/nologin\n")
    (folder / "shadow").write_text(f"{USER}:{hashed}:19000:0:99999:7:::\nsshd:!:19000::::::\n")
    (folder / "shadow").chmod(0o600)


def _command(of: Sshd) -> list[str]:
    """With this machine's programs, and nothing else of it: not its accounts, not its /vmfs."""
    argv = ["bwrap", "--die-with-parent", "--tmpfs", "/", "--proc", "/proc", "--dev", "/dev", "--dir", "/run/sshd"]
    for name in ("usr", "etc"):
        argv += ["--ro-bind", f"/{name}", f"/{name}"]
    for name in ("bin", "sbin", "lib", "lib64"):
        argv += ["--symlink", f"usr/{name}", f"/{name}"]
    for name in ("passwd", "shadow"):
        argv += ["--ro-bind", str(of.folder / name), f"/etc/{name}"]
    if os.geteuid() == 0:
        argv += ["--cap-add", "ALL"]
    argv += ["--ro-bind", str(of.folder), str(of.folder), "--bind", str(of.folder / "vmfs"), "/vmfs"]
    if PLACE == CACHED:
        libraries = f"{CACHED}/usr/lib/x86_64-linux-gnu:{CACHED}/lib/x86_64-linux-gnu"
        argv += ["--ro-bind", str(CACHED), str(CACHED), "--setenv", "LD_LIBRARY_PATH", libraries]
    return [*argv, "--", str(PLACE / "usr/sbin/sshd"), "-D", "-e", "-f", str(of.folder / "config")]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


def _wait(port: int, child: process.Child) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except ConnectionRefusedError:
            assert process.wait(child, 0.05) is None, "sshd ended at its start"
    raise AssertionError("sshd does not listen")
