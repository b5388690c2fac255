"""Processors: topology, placement on processors of their own, NUMA, and what is asked of a node for them."""

import re
from collections.abc import Iterator

from mtv.converters.manifests.rules.amounts import milli, whole
from mtv.converters.manifests.rules.machine.instance import Instance
from mtv.converters.manifests.rules.rule import Book, Complaint

BOOK = Book("cpu", "https://kubevirt.io/user-guide/compute/virtual_hardware/#cpu")
NEGATIVE = BOOK.refused("negative", "requests and limits of processors are not below 0", "write 0 or more")
REQUEST = BOOK.refused("request", "more processors are requested than the limit allows", "raise the limit")
SOCKETS = BOOK.refused("sockets", "there are more sockets than maxSockets", "raise maxSockets")
POLICY = BOOK.refused(
    "feature-policy", "a CPU feature's policy is force, require, optional, disable or forbid", "use one of them"
)
ISOLATE = BOOK.refused(
    "isolate", "an emulator thread of its own needs dedicatedCpuPlacement", "switch dedicatedCpuPlacement on"
)
DEDICATED = Book("dedicated", "https://kubevirt.io/user-guide/compute/dedicated_cpu_resources/")
MEMORY = DEDICATED.refused("memory", "dedicated processors need a known memory", "set memory.guest")
MEMORY_EQUAL = DEDICATED.refused(
    "memory-equal", "with dedicated processors memory's request and limit are equal", "make them equal"
)
WHOLE = DEDICATED.refused("whole", "dedicated processors are requested as whole ones", "round the number")
EQUAL = DEDICATED.refused("equal", "dedicated processors' request and limit are equal", "make them equal")
VCPUS = DEDICATED.refused(
    "vcpus", "dedicated processors' request or limit is another than the instance's number", "leave them out"
)
THREADS = DEDICATED.refused(
    "threads", "a dedicated core has at most two threads, on arm64 one", "set threads to 1 or 2"
)
NUMA = Book("numa", "https://kubevirt.io/user-guide/compute/numa/")
NUMA_DEDICATED = NUMA.refused("dedicated", "NUMA passthrough needs dedicated processors", "set dedicatedCpuPlacement")
NUMA_PAGES = NUMA.refused("hugepages", "NUMA passthrough needs huge pages", "set memory.hugepages.pageSize")
REALTIME = NUMA.refused(
    "realtime", "a realtime instance has dedicated processors and NUMA passthrough", "set both, or leave realtime out"
)
MODEL = BOOK.broken(
    "model",
    "libvirt knows no such CPU model: no node will have it",
    "use host-model, or a model that nodes are labelled with",
)
MANY = BOOK.broken("many", "no machine type has more than 512 processors here: no node will take it", "give it fewer")

_MODEL = re.compile(
    r"(host-model|host-passthrough|486|pentium(2|3|pro|-m)?|coreduo|n270|core2duo|qemu(32|64)|kvm(32|64)|cpu64-rhel[56]"
    r"|Conroe|Penryn|Nehalem|Westmere|SandyBridge|IvyBridge|Haswell|Broadwell|Skylake-(Client|Server)|Cascadelake-Server"
    r"|Cooperlake|Icelake-(Client|Server)|SapphireRapids|GraniteRapids|SierraForest|ClearwaterForest|Snowridge|Denverton"
    r"|KnightsMill|athlon|phenom|Opteron_G[1-5]|EPYC(-Rome|-Milan|-Genoa|-Turin)?|Dhyana|max"
    r"|YongFeng)(-noTSX)?(-IBRS|-IBPB)?(-v\d{1,2})?"
)  # libvirt's src/cpu_map for x86
_POLICIES = {"", "force", "require", "optional", "disable", "forbid"}
_MOST = 512


def check(machine: Instance) -> Iterator[Complaint]:
    yield from _resources(machine)
    cpu = machine.cpu
    if cpu.number("maxSockets") and cpu.number("sockets") > cpu.number("maxSockets"):
        yield SOCKETS.at(cpu.at("sockets"), f"{cpu.number('sockets')} of {cpu.number('maxSockets')}")
    for feature in cpu.each("features"):
        if feature.text("policy") not in _POLICIES:
            yield POLICY.at(feature.at("policy"))
    if cpu.truth("isolateEmulatorThread") and not cpu.truth("dedicatedCpuPlacement"):
        yield ISOLATE.at(cpu.at("isolateEmulatorThread"))
    if cpu.truth("dedicatedCpuPlacement"):
        yield from _dedicated(machine)
    yield from _numa(machine)
    if machine.vcpus > _MOST:
        yield MANY.at(cpu.at("sockets" if cpu.has("sockets") else "cores"), f"{machine.vcpus}")
    if cpu.text("model") and machine.architecture == "amd64" and not _MODEL.fullmatch(cpu.text("model")):
        yield MODEL.at(cpu.at("model"))


def _resources(machine: Instance) -> Iterator[Complaint]:
    resources = machine.domain.at("resources")
    request, limit = resources.at("requests", "cpu"), resources.at("limits", "cpu")
    yield from (NEGATIVE.at(one) for one in (request, limit) if milli(one.value) < 0)
    if 0 < milli(limit.value) < milli(request.value):
        yield REQUEST.at(request, f"limit {limit.value}")


def _dedicated(machine: Instance) -> Iterator[Complaint]:
    resources = machine.domain.at("resources")
    memory = [whole(resources.at(kind, "memory").value) for kind in ("requests", "limits")]
    if not any(memory) and not machine.guest_bytes and not machine.sized:
        yield MEMORY.at(machine.domain.at("memory"))
    if all(one > 0 for one in memory) and memory[0] != memory[1]:
        yield MEMORY_EQUAL.at(resources.at("requests", "memory"))
    cpus = [resources.at(kind, "cpu") for kind in ("requests", "limits")]
    yield from (WHOLE.at(one) for one in cpus if 0 < milli(one.value) != 1000 * whole(one.value))
    yield from _counts(machine, [whole(one.value) for one in cpus])
    threads = machine.cpu.number("threads")
    if threads > 2 or threads > 1 and machine.architecture == "arm64":
        yield THREADS.at(machine.cpu.at("threads"))


def _counts(machine: Instance, asked: list[int]) -> Iterator[Complaint]:
    """A limit alone is the request as well."""
    limit = asked[1]
    request = asked[0] or limit
    place = machine.cpu.at("dedicatedCpuPlacement")
    if request > 0 and limit > 0 and request != limit:
        yield EQUAL.at(place, f"{request} and {limit}")
    if (request > 0 or limit > 0) and machine.vcpus > 0 and machine.vcpus not in (request, limit):
        yield VCPUS.at(place, f"{request or limit}, and {machine.vcpus}")


def _numa(machine: Instance) -> Iterator[Complaint]:
    cpu = machine.cpu
    passthrough = cpu.at("numa", "guestMappingPassthrough")
    if passthrough and not cpu.truth("dedicatedCpuPlacement"):
        yield NUMA_DEDICATED.at(passthrough)
    if passthrough and not machine.domain.has("memory", "hugepages"):
        yield NUMA_PAGES.at(passthrough)
    if cpu.has("realtime") and not (cpu.truth("dedicatedCpuPlacement") and passthrough):
        yield REALTIME.at(cpu.at("realtime"))
