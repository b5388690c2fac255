"""The lines of the table, in its order: what is measured, how often at the least, and what the figure means."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.bench import (
    clusters,
    copying,
    crowds,
    datastores,
    footing,
    inventories,
    judging,
    looking,
    moves,
    pods,
    reading,
)
from tests.bench import vddk as library
from tests.bench.pairs import Figure
from tests.bench.places import Place


@dataclass(frozen=True)
class Line:
    measure: Callable[[Place], list[Figure]]
    rounds: int  # fewer prove nothing
    means: str


LINES = {
    "near": Line(copying.near, 5, "What proof costs where nothing else holds the copy up: reading, hashing, writing "
                 "and the journal share two cores with the server that is read. nbdcopy hashes nothing; a hash takes "
                 "0.17 s of a core for each GiB, which shows where others use the cores too."),
    "verify": Line(reading.verify, 5, "Reading the whole copy back from storage and holding it against its hashes "
                   "takes about as long as reading it."),
    "far": Line(copying.far, 5, "A source that answers after 5 ms is asked for enough at once."),
    "delta": Line(copying.delta, 5, "What changed since the last pass, in small pieces over the same distance. One "
                  "request at a time is how a simple copier does it; this pass decides how long a guest is down."),
    "vmdk": Line(copying.vmdk, 5, "Disks of an OVA are unpacked where they lie, on all cores; qemu-img has one."),
    "folder": Line(datastores.folder, 5, "A datastore's file over HTTPS by ranges, beside one transfer of all of it. "
                   "The server's TLS takes as much of the two cores as ours; curl hashes nothing, and has no journal."),
    "folder-far": Line(datastores.folder_far, 5, "A vCenter that takes 10 ms for each request is asked for many ranges "
                       "at once."),
    "export": Line(datastores.export, 5, "A stream of compressed grains is decoded while it comes, and its checksum "
                   "compared; the other has it as a file first. The server compresses on one core, and both wait for "
                   "it."),
    "vddk": Line(library.vddk, 5, "nbdkit's plugin for VMware's library, one connection as that library wants it. The "
                 "real library over a real network is another matter: what this shows is that we are not what it "
                 "waits for."),
    "memory": Line(footing.memory, 1, "What a worker needs does not grow with the disk. The other end makes up the "
                   "source's bytes and refuses a write of any others. Room does not vary, so it is measured once."),
    "start": Line(footing.start, 5, "How long a command takes that does nothing, beside the same interpreter's."),
    "inventory": Line(inventories.old, 3, "An old simulator that answers several times faster than a vCenter does, so "
                      "that the client is measured. It shares the two cores with the server: reading alone leaves one "
                      "of them idle, and all that is made of the bytes has to fit into it. pyVmomi stores nothing."),
    "inventory-now": Line(inventories.current, 3, "The current simulator takes 1.5 to 3 ms a VM, less than a vCenter: "
                          "here the server is what is waited for. Of an update by the same process the server's own "
                          "search for what changed is left out, since the simulator goes through all VMs for each "
                          "change; a hundredth of the VMs is a hundredth of a full reading by itself. The process "
                          "watches already: its first update begins that, and takes as long as another process's."),
    "cluster": Line(clusters.lists, 3, "The API server is a real one, and shares the two cores with what reads it. "
                    "Reading alone leaves one of them idle half of the time; all that is made of the pages has to fit "
                    "into that."),
    "crowd": Line(crowds.crowds, 1, "Claims, VMs and what stands beside them are made in a real cluster; what is left "
                  "out are the workers' own Jobs. All 500 copy at once before any of them goes on. The client holds "
                  "itself to 40 requests a second, and that is most of the time. Nothing is asked for each VM again "
                  "and again: of the run's claims there is one list for all of its VMs."),
    "pods": Line(pods.pods, 3, "Jobs of a real cluster, in Pods that Pod Security restricted lets in, from claim to "
                 "claim. Work is counted from the task read to its last journal row; what a Job takes to start is told "
                 "beside it. Several at a time go as fast as they are held to: nothing of ours is between them."),
    "lists": Line(looking.lists, 5, "A list of VMs by tags and attributes, from the program's start to its end; the "
                  "interpreter alone beside it."),
    "reports": Line(looking.reports, 3, "The estate report from the store, as a page and as a workbook: all sections, "
                    "and the most memory that the program had."),
    "manifests": Line(judging.manifests, 3, "A cluster's worth of VMs and claims against the API's schemas and every "
                      "rule, from the program's start to its end; parsing the same file alone beside it."),
    "moves": Line(moves.moves, 3, "From the OVA to a guest that boots on virtio, with its receipt: `mtv run` beside "
                  "virt-v2v of the same tools root. virt-v2v looks at the guest once, copies, and proves nothing; a "
                  "guest that is fit already it converts all the same. The steps named are those of the last round. "
                  "Ours starts the emulated appliance twice, to inspect and to convert."),
}  # fmt: skip
