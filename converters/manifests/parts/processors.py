"""CPU, memory, and what of a host's share can be said in Kubernetes."""

from mtv.converters.manifests.quantities import quantity
from mtv.converters.manifests.shape import Shape
from mtv.model.details import Share
from mtv.model.estate import VM, Json

MEMORY_UNKNOWN_BYTES = 1 << 30
MILLIS_A_CPU = 100  # what KubeVirt asks for itself: a tenth of each virtual CPU
PAGE_BYTES = {"2Mi": 2 << 20, "1Gi": 1 << 30}
NESTED = ("svm", "vmx")  # AMD's and Intel's: a node has one of them


def topology(vm: VM) -> tuple[int, int]:
    """Sockets, and cores of each."""
    cpus, cores = max(vm.cpus, 1), max(vm.cores_per_socket, 1)
    return (cpus // cores, cores) if cpus % cores == 0 else (cpus, 1)


def cpu(shape: Shape) -> dict[str, Json]:
    """Its model is the cluster's to say. Nothing that an instancetype says."""
    found: dict[str, Json] = {}
    if shape.vm.nested:
        found["features"] = [{"name": name, "policy": "optional"} for name in NESTED]
    if shape.wanted.instancetype:
        return found
    sockets, cores = topology(shape.vm)
    found |= {"cores": cores, "sockets": sockets, "threads": 1}
    if dedicated(shape):
        found |= {"dedicatedCpuPlacement": True, "isolateEmulatorThread": True}
        if pages(shape):
            found["numa"] = {"guestMappingPassthrough": {}}
    return found


def dedicated(shape: Shape) -> bool:
    """Whole CPUs of a node, for nobody else."""
    asked = shape.wanted.cpu == "dedicated" or shape.wanted.cpu == "auto" and shape.vm.latency == "high"
    return asked and not shape.wanted.instancetype


def memory_bytes(vm: VM) -> int:
    return vm.memory_bytes or MEMORY_UNKNOWN_BYTES


def memory(shape: Shape) -> dict[str, Json]:
    found: dict[str, Json] = {"guest": quantity(memory_bytes(shape.vm))}
    if pages(shape):
        found["hugepages"] = {"pageSize": shape.wanted.hugepages}
    return found


def pages(shape: Shape) -> bool:
    """Huge pages are asked for, and the memory is whole pages: KubeVirt refuses others."""
    size_bytes = PAGE_BYTES.get(shape.wanted.hugepages, 0)
    return bool(size_bytes) and memory_bytes(shape.vm) % size_bytes == 0


def resources(shape: Shape) -> dict[str, Json]:
    """Of the CPU alone: the guest's memory is always reserved whole."""
    share, core_mhz = shape.vm.cpu, shape.near.core_mhz
    if dedicated(shape) or shape.wanted.instancetype or not core_mhz:
        return {}
    reserved, limit = _reserved(shape.vm, share, core_mhz), limit_millis(shape.vm, share, core_mhz)
    found: dict[str, Json] = {}
    if limit:
        found["limits"] = {"cpu": millis(limit)}
        reserved = reserved or min(limit, MILLIS_A_CPU * max(shape.vm.cpus, 1))  # else a tenth may be over the limit
    if reserved:
        found["requests"] = {"cpu": millis(min(reserved, limit or reserved))}
    return found


def _reserved(vm: VM, share: Share, core_mhz: int) -> int:
    wanted = -(-max(share.reservation, 0) * 1000 // core_mhz)
    return min(wanted, 1000 * max(vm.cpus, 1))


def limit_millis(vm: VM, share: Share, core_mhz: int) -> int:
    """0 where there is none that its number of CPUs is not already."""
    if not share.limit or share.limit < 0:
        return 0
    wanted = -(-share.limit * 1000 // core_mhz)
    return wanted if wanted < 1000 * max(vm.cpus, 1) else 0


def millis(number: int) -> str:
    """Thousandths of a CPU as Kubernetes writes them."""
    return f"{number}m" if number % 1000 else str(number // 1000)
