"""Memory: what is asked of a node, huge pages, and the bounds of memory that is plugged in later."""

from collections.abc import Iterator

from mtv.converters.manifests.rules.amounts import amount, whole
from mtv.converters.manifests.rules.machine.instance import Instance
from mtv.converters.manifests.rules.rule import Book, Complaint

BOOK = Book("memory", "https://kubevirt.io/user-guide/compute/virtual_hardware/#memory")
NEGATIVE = BOOK.refused("negative", "requests and limits of memory are not below 0", "write 0 or more")
SMALL = BOOK.refused("request-small", "a request of memory is 1M or more", "write more, or leave it out")
REQUEST = BOOK.refused("request", "more memory is requested than the limit allows", "raise the limit")
PAGE_FORM = BOOK.refused("page-form", "a huge page's size is a quantity, such as 2Mi or 1Gi", "mend it")
PAGE_LARGE = BOOK.refused("page-large", "the memory is smaller than one huge page", "use smaller pages")
PAGE_MULTIPLE = BOOK.refused("page-multiple", "the memory is no multiple of the huge page's size", "round it up")
OVERHEAD_GATE = BOOK.broken(
    "overhead-gate", "reservedOverhead is passed over without the feature gate ReservedOverheadMemlock", "leave it out"
)
LATER = Book("hotplug", "https://kubevirt.io/user-guide/compute/memory_hotplug/")
MAX_KIND = LATER.refused(
    "kind", "memory cannot grow with realtime, NUMA passthrough or launch security", "leave maxGuest out"
)
MAX_ARCHITECTURE = LATER.refused("architecture", "memory cannot grow on this architecture", "leave maxGuest out")
MAX_GUEST = LATER.refused("guest", "memory that grows has a beginning", "set memory.guest")
MAX_LESS = LATER.refused("less", "maxGuest is below the guest's memory", "raise maxGuest, or leave it out")
MAX_ALIGNED = LATER.refused(
    "aligned", "memory that grows is a multiple of 2Mi, of 1Gi with pages of 1Gi", "round guest and maxGuest up"
)
MAX_SMALL = LATER.refused("small", "memory grows only from 1Gi on", "leave maxGuest out, or give the guest 1Gi")
NONE = BOOK.broken("none", "nobody says how much memory: the instance is refused when it starts", "set memory.guest")
TINY = BOOK.broken(
    "tiny",
    "no guest starts in so little memory: at 0 libvirt refuses it, above it runs and never comes up",
    "give it more",
)
OVER_LIMIT = BOOK.warning(
    "over-limit", "the guest has more memory than its Pod may use: it is killed when it uses it", "raise the limit"
)

MIB = 1 << 20
_TINY_BYTES = 16 * MIB
_GROWS_FROM_BYTES = 1 << 30


def check(machine: Instance) -> Iterator[Complaint]:
    yield from _resources(machine)
    yield from _pages(machine)
    memory = machine.domain.at("memory")
    if memory.has("maxGuest") and not machine.sized:
        yield from _grows(machine)
    if memory.has("reservedOverhead") and not machine.gate("ReservedOverheadMemlock"):
        yield OVERHEAD_GATE.at(memory.at("reservedOverhead"))
    if machine.guest_bytes is None:
        if not machine.sized:
            yield NONE.at(memory)
    elif machine.guest_bytes < _TINY_BYTES:
        yield TINY.at(memory.at("guest"))


def _resources(machine: Instance) -> Iterator[Complaint]:
    resources = machine.domain.at("resources")
    request, limit = resources.at("requests", "memory"), resources.at("limits", "memory")
    yield from (NEGATIVE.at(one) for one in (request, limit) if whole(one.value) < 0)
    if 0 < whole(request.value) < 1_000_000:
        yield SMALL.at(request)
    if 0 < whole(limit.value) < whole(request.value):
        yield REQUEST.at(request, f"limit {limit.value}")
    guest = machine.domain.at("memory", "guest")
    if 0 < whole(limit.value) < whole(guest.value):
        yield OVER_LIMIT.at(guest, f"limit {limit.value}")


def _pages(machine: Instance) -> Iterator[Complaint]:
    pages = machine.domain.at("memory", "hugepages")
    if not pages:
        return
    place, size = pages.at("pageSize"), amount(pages.at("pageSize").value)
    page_bytes = whole(place.value)
    if size is None or page_bytes <= 0:
        yield PAGE_FORM.at(place)
        return
    resources = machine.domain.at("resources")
    memory = whole(resources.at("requests", "memory").value) or machine.guest_bytes or 0
    if 0 < memory < page_bytes:
        yield PAGE_LARGE.at(place, f"{memory} bytes")
    elif memory % page_bytes:
        yield PAGE_MULTIPLE.at(place, f"{memory} bytes")


def _grows(machine: Instance) -> Iterator[Complaint]:
    """KubeVirt says the first of these only."""
    most = machine.domain.at("memory", "maxGuest")
    guest, largest = machine.guest_bytes, whole(most.value)
    unit = 1 << 30 if machine.domain.text("memory", "hugepages", "pageSize") == "1Gi" else 2 * MIB
    cpu = machine.cpu
    if cpu.has("realtime") or cpu.has("numa", "guestMappingPassthrough") or machine.domain.has("launchSecurity"):
        yield MAX_KIND.at(most)
    elif guest is None:
        yield MAX_GUEST.at(machine.domain.at("memory", "guest"))
    elif guest > largest:
        yield MAX_LESS.at(most)
    elif guest % unit or largest % unit:
        yield MAX_ALIGNED.at(machine.domain.at("memory", "guest") if guest % unit else most)
    elif machine.architecture not in ("amd64", "arm64"):
        yield MAX_ARCHITECTURE.at(most)
    elif guest < _GROWS_FROM_BYTES:
        yield MAX_SMALL.at(machine.domain.at("memory", "guest"))
