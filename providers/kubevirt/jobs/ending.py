"""How a worker's end is brought about, and seen: its node says that its containers have terminated. Where nobody can
say so, the Pod must be gone, the lease be taken from it, and the lease's time have passed by our own clock."""

from mtv.errors import Held, Temporary
from mtv.model.faults import Fault, Kind
from mtv.model.tasks import Ended
from mtv.providers.kubevirt.fields import text
from mtv.providers.kubevirt.jobs import fates, leases
from mtv.providers.kubevirt.jobs.desk import Desk
from mtv.providers.kubevirt.jobs.leases import Lease
from mtv.providers.kubevirt.jobs.sight import Seen
from mtv.providers.kubevirt.wire.answers import Status

GONE = Ended(outcome="cancelled", fault=Fault("worker.stopped", "no such worker runs", kind=Kind.CANCELLED))
FENCED = "nobody-yet"  # holds a lease that was taken from a worker that nobody saw ending


def stop(desk: Desk, worker: str, vm: str) -> Ended:
    """It has ended afterwards, and its Job is gone: as it was seen to. Raises Held `worker.unseen`."""
    with desk.api.said(f"{vm}: stopping worker {worker}"):
        seen = desk.sight.see(worker)
        if not seen.pods and not _appears(desk, worker):
            return GONE
        was_running = not seen.end()
        if was_running:
            desk.wish(worker, {"stop": True})
        desk.remove(worker)
        if was_running:
            _await(desk, worker, vm)
        if seen.end() == "lost":
            fence(desk, worker)
    if was_running and seen.end() == "seen":
        text_ = f"{vm}: worker {worker} was told to stop"
        return Ended(outcome="cancelled", fault=Fault("worker.stopped", text_, kind=Kind.CANCELLED))
    return died(seen, vm, worker)


def died(seen: Seen, vm: str, worker: str) -> Ended:
    return fates.ended(vm, worker, fates.end(list(fates.of_pod(seen.pod or {}))))


def _appears(desk: Desk, worker: str) -> bool:
    """A Job that has no Pod yet may have one at any moment, until it is gone itself."""
    if desk.job(worker) is None:
        return False
    desk.remove(worker)
    return bool(desk.sight.wait(worker, 0, desk.waits.look_s).pods)


def _await(desk: Desk, worker: str, vm: str) -> None:
    until = desk.clock() + desk.waits.end_s
    seen = desk.sight.see(worker)
    while not seen.end():
        if desk.clock() > until:
            node = text(seen.pod or {}, "spec", "nodeName")
            raise Held(
                "worker.unseen", f"{vm}: worker {worker} was told to end and nobody says that it did: it may still"
                f" write, on node {node}", f"if that node is down: kubectl taint node {node}"
                " node.kubernetes.io/out-of-service=nodeshutdown:NoExecute, then `mtv retry`",
            )  # fmt: skip
        desk.sight.wait(worker, seen.changes, min(desk.waits.look_s, max(until - desk.clock(), 0.01)))


def fence(desk: Desk, worker: str) -> None:
    """Take the lease away: no renewal succeeds from then on, and whoever wrote by it has stopped when its time is
    over. Raises Temporary `worker.busy` where it is renewed all the time."""
    where = desk.lease_path(worker)
    for _ in range(5):
        found = desk.found(where)
        if found is None:
            return
        taken = leases.read(found)
        try:
            desk.api.replace(where, leases.handed(found, Lease(holder=FENCED, epoch=taken.epoch + 1)))
        except Status as status:
            if status.code != 409:
                raise
            continue
        desk.sleep(taken.duration_s + desk.waits.lapse_s)
        return
    raise Temporary("worker.busy", f"the lease of worker {worker} is renewed all the time")
