"""Every named limit and place. Values that a user may want to change read an environment variable `MTV_NAME`."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from mtv.errors import Refused
from mtv.model.plans import WorkerChoice

Choice = TypeVar("Choice", bound=str)


def _folder(variable: str, xdg: str, fallback: str) -> Path:
    if given := os.environ.get(variable):
        return Path(given)
    return Path(os.environ.get(xdg) or Path.home() / fallback) / "mtv"


def _number(variable: str, fallback: float) -> float:
    """Raises Refused `settings.number`."""
    given = os.environ.get(variable)
    try:
        value = float(given) if given else fallback
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e9:
        raise Refused("settings.number", f"{variable}={given} is no number that fits", f"unset it: {fallback} is meant")
    return value


@dataclass(frozen=True)
class Settings:
    """Places are looked up once, at the start."""

    data: Path = field(default_factory=lambda: _folder("MTV_DATA", "XDG_DATA_HOME", ".local/share"))
    cache: Path = field(default_factory=lambda: _folder("MTV_CACHE", "XDG_CACHE_HOME", ".cache"))

    block_bytes: int = 1 << 20
    """One read, one write, one hash: 1 MiB requests were the fastest of 64 KiB to 4 MiB over NBD."""

    threads: int = 2
    """Copying threads of a local source: more than 4 are slower, 2 with hashing equal nbdcopy."""

    flush_bytes: int = 256 << 20
    """fdatasync and a journal row at the latest after so much, or `flush_s`."""

    flush_s: float = 2.0

    depth: int = 16
    """Requests in flight per connection at the most: 16 of 1 MiB hide 20 ms; nbdkit serves 16 at once."""

    disks: int = 2
    """Disks of one VM that a worker copies at a time: a source serves one disk seldom as fast as the line."""

    progress_s: float = field(default_factory=lambda: _number("MTV_PROGRESS_S", 1.0))
    """Between two lines of a worker's progress."""

    reconnects: int = 3
    reconnect_s: tuple[float, ...] = (0.5, 2, 5)
    """A source that fails while it is read is opened again so often without progress between, after these waits."""

    read_stall_s: float = 60.0
    """A source that has answered nothing for so long counts as failed."""

    stream_stall_s: float = 600.0
    """The same of a stream: its server may look for data in a large empty disk meanwhile."""

    connect_s: float = 20.0
    """A source's server accepts a connection, TLS included, within this time."""

    answer_s: float = 900.0
    answer_limit_bytes: int = 512 << 20
    """One answer of a source's server as a whole: 10,000 VMs' light scan has 15 MB, and comes bit by bit."""

    busy_s: float = 120.0
    busy_wait_s: float = 5.0
    """A source's server that says it is too busy is asked again for so long, at the latest after such waits."""

    lease_ready_s: float = 120.0
    """A source's lease for an export is ready within this time."""

    lease_wait_s: float = 100.0
    lease_poll_s: float = 5.0
    """Another's lease on the VM is waited for so long each time that it is opened; vCenter ends one that nobody keeps
    alive after 300 s."""

    plugin_s: float = 60.0
    plugin_limit_bytes: int = 1 << 20
    """A login plugin of a kubeconfig answers within this time, and with no more."""

    target_down_s: float = 120.0
    """A target that answered before and does not now is asked again for so long: its control plane may be upgraded."""

    target_requests_s: float = 40.0
    target_requests_at_once: float = 50.0
    """What a cluster's API server is asked by one engine: 450 requests in any 10 s, however many VMs move."""

    target_poll_s: tuple[float, ...] = (0.1, 0.2, 0.5, 1, 2, 3)
    """Between two looks at what a target does; the last one repeats."""

    machine_start_s: float = 300.0
    """A VM that was started at its target runs within this time: its node may have to fetch an image."""

    machine_stop_s: float = 300.0
    """What a guest at its target has to shut down at the most, and a VM to be gone once it is deleted."""

    snapshot_s: float = 300.0
    """A target gives up a snapshot that it has not taken within this time, which is KubeVirt's own."""

    snapshot_ready_s: float = 1800.0
    """One that was taken is fit for use within this time: some storage copies it elsewhere first."""

    upload_s: float = 600.0
    """A target is ready for a disk within this time, and done with one that it has: 4 to 8 s and 2 to 5 s were measured
    of a small one."""

    removal_s: float = 120.0
    """What was removed at a target is gone within this time; a Pod that ends takes 30 s by default."""

    page_limit_bytes: int = 64 << 20
    """One that is held in memory as a whole: its elements take ten times its room; 100 full VMs have 3 to 6 MB."""

    session_keep_s: float = 600.0
    """A source's session is used at least so often; vCenter ends one after 30 idle minutes."""

    worker_stop_s: float = 20.0
    """A worker that was told to stop ends within this time, or is killed."""

    heartbeat_s: float = 2.0
    watch_s: float = 0.5
    """An engine looks so often whether somebody asked for something."""

    engine_dead_s: float = 15.0

    backoff_s: tuple[float, ...] = (1, 5, 15, 60)
    """Between attempts of a step; the last one repeats."""

    guest_timeout_s: float = 600.0
    """Login prompt and agent, under emulation on two cores (30 to 60 s were measured)."""

    tool_timeout_s: float = 3600.0
    """One virt-v2v-in-place (60-110 s under emulation)."""

    guest_poll_s: float = 5.0
    """Between two questions to a guest's agent."""

    release_s: float = 3600.0
    """Dropping one of our points at the source, its consolidation included."""

    power_margin_s: float = 300.0
    """What a source may take beyond the plan's grace to switch a VM off, and to switch it on."""

    source_task_s: float = 300.0
    """One change of a VM at its source; what somebody else does with it meanwhile is waited for as long."""

    source_poll_s: tuple[float, ...] = (0.05, 0.1, 0.2, 0.5, 1, 2)
    """Between two looks at what a source does; the last one repeats."""

    point_growth: float = field(default_factory=lambda: _number("MTV_POINT_GROWTH", 0.2))
    """While one of our points is on a running VM, what it writes may grow to this part of its disks."""

    point_reserve: float = field(default_factory=lambda: _number("MTV_POINT_RESERVE", 0.05))
    """This part of a datastore stays free for others."""

    points_limit: int = field(default_factory=lambda: int(_number("MTV_POINTS_LIMIT", 16)))
    """Of anybody's on one VM: chains of 32 are the most that sources allow, and slow long before."""

    point_age_d: float = field(default_factory=lambda: _number("MTV_POINT_AGE_D", 30))
    """On top of a snapshot that is older we make none."""

    cutover_poll_s: float = 60.0
    """How often a migration that waits for its cutover looks by itself; an intent wakes it earlier."""

    vddk_buffers: int = 4
    vddk_buffer_bytes: int = 1 << 20
    """VMware's library, for each disk that it has open, at the host: 10 VMs of one host came 1.45 times as fast."""

    host_buffers_bytes: int = 48 << 20
    host_opens: int = 50
    """What an ESXi of 6.x or 7 has for all such buffers (8 has twice as much), and disks that it opens at a time."""

    xml_limit_bytes: int = 4 << 20
    tar_members_limit: int = 10_000

    @property
    def store(self) -> Path:
        return Path(os.environ.get("MTV_STORE") or self.data / "store.db")

    @property
    def keys(self) -> Path:
        return self.data / "keys"

    @property
    def vddk(self) -> Path | None:
        """The user's own copy of VMware's disk library, unpacked: vmware-vix-disklib-distrib."""
        given = os.environ.get("MTV_VDDK")
        return Path(given) if given else None

    @property
    def vddk_compression(self) -> str:
        """Between VMware's library and the host: none, zlib, fastlz or skipz."""
        return os.environ.get("MTV_VDDK_COMPRESSION") or "none"

    @property
    def ssh_known_hosts(self) -> Path:
        return Path(os.environ.get("MTV_SSH_KNOWN_HOSTS") or Path.home() / ".ssh/known_hosts")

    @property
    def ssh_key(self) -> Path | None:
        """A private key without a passphrase, for sources that are read over SSH; their password else."""
        given = os.environ.get("MTV_SSH_KEY")
        return Path(given) if given else None

    @property
    def ssh_port(self) -> int:
        return int(_number("MTV_SSH_PORT", 22))

    @property
    def tools_root(self) -> Path:
        """Debian trixie's virt-v2v and libguestfs, made by scripts/tools-root."""
        return Path(os.environ.get("MTV_TOOLS_ROOT") or self.cache / "tools-root")


def settings() -> Settings:
    return Settings()


def worker_choice() -> WorkerChoice:
    """How workers run that are not processes of this machine. Raises Refused `settings.worker`."""
    return WorkerChoice(
        image=_word("IMAGE"),
        command=tuple(_word("COMMAND").split()) or ("mtv",),
        pull=_one_of("PULL", "IfNotPresent", "Always", "Never"),
        pull_secrets=tuple(_words("PULL_SECRETS")),
        scratch_class=_word("SCRATCH_CLASS"),
        cpu=_word("CPU"),
        memory=_word("MEMORY"),
        nodes=dict(one.partition("=")[::2] for one in _words("NODES")),
        kvm=_one_of("KVM", "auto", "none"),
        transfer_network=_word("NETWORK"),
        vddk_image=_word("VDDK_IMAGE"),
        ca_bundle=_word("CA"),
        proxy={name: _word(name) for name in ("HTTPS_PROXY", "NO_PROXY") if _word(name)},
        lease_s=int(_number("MTV_WORKER_LEASE_S", 30)),
    )


def _word(name: str) -> str:
    return os.environ.get(f"MTV_WORKER_{name}", "").strip()


def _words(name: str) -> list[str]:
    return [one.strip() for one in _word(name).split(",") if one.strip()]


def _one_of(name: str, *allowed: Choice) -> Choice:
    given = _word(name) or allowed[0]
    for one in allowed:
        if one == given:
            return one
    raise Refused("settings.worker", f"MTV_WORKER_{name}={given} is none of {', '.join(allowed)}", "unset it")
