"""CPU and memory: how many, how they grow, what share of a host is theirs."""

from collections.abc import Iterator, Sequence

from mtv.converters.manifests.losses.rule import Rule, critical, info, warning
from mtv.converters.manifests.parts import processors
from mtv.converters.manifests.parts.flavours import preference
from mtv.converters.manifests.parts.processors import dedicated, memory_bytes, pages
from mtv.converters.manifests.shape import Shape
from mtv.model.estate import Concern
from mtv.words import size

HOTPLUG_LEAST_BYTES = 1 << 30
HOTPLUG_UNIT_BYTES = 2 << 20
LEAST_BYTES = 16 << 20
MOST_CPUS = 512


def _instancetype(found: Shape) -> Iterator[Concern]:
    if found.wanted.instancetype:
        yield info(
            "instancetype",
            f"'{found.wanted.instancetype}' says how many CPUs and how much memory the VM has: at its source"
            f" {max(found.vm.cpus, 1)} and {size(memory_bytes(found.vm))}; its shares of a host are not kept",
        )


def _preference(found: Shape) -> Iterator[Concern]:
    if found.wanted.preference == "auto" and not preference(found):
        yield info("preference", "no preference is known for its system: the manifest names none")


def _topology(found: Shape) -> Iterator[Concern]:
    wanted, (_, cores) = found.vm.cores_per_socket, processors.topology(found.vm)
    if wanted != cores and found.vm.cpus > 1:
        yield info(
            "cpu-topology",
            f"{found.vm.cpus} CPUs do not divide into sockets of {wanted} cores: each gets a socket of its own",
            "licences that count sockets see more of them",
        )


def _many(found: Shape) -> Iterator[Concern]:
    if found.vm.cpus > MOST_CPUS and not found.wanted.instancetype:
        yield critical("cpus", f"it has {found.vm.cpus} CPUs, and a machine of QEMU's has {MOST_CPUS} at most")


def _model(found: Shape) -> Iterator[Concern]:
    if found.near.evc:
        yield info(
            "cpu-model",
            f"its cluster shows '{found.near.evc[:60]}' to all VMs; at the target they see what their node has",
            "set `cpuModel` in the KubeVirt resource where nodes differ",
        )


def _nested(found: Shape) -> Iterator[Concern]:
    if found.vm.nested:
        yield info("nested", "it runs VMs itself: it can do so only on nodes that allow nested virtualization")


def _hot(found: Shape) -> Iterator[Concern]:
    if found.vm.cpu_hot_add and (dedicated(found) or found.wanted.instancetype):
        yield info("cpu-hotplug", "CPUs cannot be added while it runs: they are dedicated, or an instancetype's")
    if found.vm.cpu_hot_remove:
        yield info("cpu-hotplug", "CPUs that were added while it runs can be taken away only when it is off")


def _memory(found: Shape) -> Iterator[Concern]:
    memory = found.vm.memory_bytes
    if found.wanted.instancetype:
        return
    if not memory:
        yield warning("memory-unknown", "the source does not say how much memory the VM has: it gets 1 GiB")
    elif memory < LEAST_BYTES:
        yield critical("memory-small", f"no guest starts in {memory} bytes of memory")
    elif memory < HOTPLUG_LEAST_BYTES or memory % HOTPLUG_UNIT_BYTES:
        yield info("memory-hotplug", "memory below 1 GiB or not in steps of 2 MiB cannot grow while the VM runs")


def _pages(found: Shape) -> Iterator[Concern]:
    if found.wanted.hugepages and not pages(found):
        yield critical(
            "hugepages",
            f"{size(memory_bytes(found.vm))} memory are not whole pages of {found.wanted.hugepages}",
            "write `machine: {hugepages: 2Mi}`, or leave it out",
        )


def _latency(found: Shape) -> Iterator[Concern]:
    if dedicated(found):
        yield warning(
            "dedicated-cpus",
            f"the VM gets {max(found.vm.cpus, 1)} CPUs of a node and one more for itself: it runs only on nodes whose"
            " CPU manager is `static`",
            "`machine: {cpu: shared}` does without; `hugepages: 1Gi` gives it the node's NUMA layout too",
        )
    elif found.vm.latency in ("high", "medium"):
        yield warning("latency", f"its latency sensitivity is {found.vm.latency}, and it gets a common share of CPUs",
                      "write `machine: {cpu: dedicated}`")  # fmt: skip


def _bound(found: Shape) -> Iterator[Concern]:
    what = "CPUs" if found.vm.cpu_affinity else f"NUMA nodes {found.vm.numa_nodes[:40]}" if found.vm.numa_nodes else ""
    if what:
        yield warning("cpu-affinity", f"it was bound to {what} of its host: KubeVirt binds to none that are named",
                      "`machine: {cpu: dedicated}` gives it CPUs of its own")  # fmt: skip


def _cpu_share(found: Shape) -> Iterator[Concern]:
    share = found.vm.cpu
    told = bool(share.reservation > 0 or share.limit)
    if told and not found.near.core_mhz and not dedicated(found):
        yield warning(
            "cpu-share",
            "its reservation or limit is in MHz, and nobody tells how many MHz its host's cores have: it is dropped",
        )
    elif share.limit and dedicated(found):
        yield info("cpu-share", "its CPU limit is dropped: the CPUs are its own")


def _memory_limit(found: Shape) -> Iterator[Concern]:
    share = found.vm.memory
    if share.limit is not None and 0 <= share.limit < found.vm.memory_bytes:
        yield warning("memory-limit", f"it could have {size(share.limit)} of its memory at most: it gets all of it")


def _weight(found: Shape) -> Iterator[Concern]:
    names = [what for what, share in (("CPU", found.vm.cpu), ("memory", found.vm.memory))
             if share.level not in ("", "normal")]  # fmt: skip
    if names:
        yield info(
            "shares",
            f"its shares of {' and '.join(names)} are not normal: a node divides its CPU by what VMs request, and its"
            " memory not at all",
        )


RULES: Sequence[Rule] = (
    _instancetype, _preference, _topology, _many, _model, _nested, _hot, _memory, _pages, _latency, _bound, _cpu_share,
    _memory_limit, _weight,
)  # fmt: skip
