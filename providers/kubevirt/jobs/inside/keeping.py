"""`mtv worker /work --lease NS/NAME`: the process parts in two. The keeper renews the lease and passes on what the
engine wants; the worker does the task. Each ends all that writes when the lease has lapsed."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from mtv import process
from mtv.errors import MtvError, Refused
from mtv.model.tasks import Task
from mtv.providers.kubevirt.jobs.inside import folder, laying
from mtv.providers.kubevirt.jobs.inside.deadline import Deadline, boot_s
from mtv.providers.kubevirt.jobs.inside.holding import Holding, Lost
from mtv.providers.kubevirt.jobs.leases import KILL_S, Lease
from mtv.providers.kubevirt.jobs.places import LAPSED, TASK
from mtv.providers.kubevirt.wire.answers import Status

Work = Callable[[Callable[[], None]], int]  # is given what to ask before each write; gives the exit status
LOOK_S = 0.1
AGAIN_S = 1.0  # after a renewal that failed
PART = 3  # of its duration, after which a lease is renewed


def keep(where: str, work_folder: Path, work: Work, task_folder: Path = TASK) -> int:
    """Raises Refused `worker.lease`, Lost, and what keeps the server from being reached."""
    namespace, _, name = where.partition("/")
    if not namespace or not name:
        raise Refused("worker.lease", f"'{where}' names no lease", "write NAMESPACE/NAME")
    task = folder.link(task_folder, work_folder)
    with folder.connected(namespace) as api:
        holding, deadline = Holding(api, namespace, name, task, os.uname().nodename), Deadline()
        keeper = Keeper(holding, deadline, work_folder)
        keeper.renew()
        process.become_subreaper()
        api.close()  # a connection is not shared between processes
        if not (child := process.part()):
            _work(task, work, deadline)
        return keeper.watch(child)


def _work(task: Task, work: Work, deadline: Deadline) -> None:
    """The worker's own look at the time: its keeper may have been stopped."""

    def guard() -> None:
        if deadline.is_over():
            _end_all()

    def look() -> None:
        while True:
            guard()
            time.sleep(LOOK_S)

    status = 1
    try:
        threading.Thread(target=look, name="lease", daemon=True).start()
        laying.lay(task, guard)
        status = work(guard)
        guard()
    except MtvError as error:
        print(f"{error.fault.code}: {error.fault.text}", file=sys.stderr)
    finally:
        sys.stdout.flush()
        os._exit(status)


class Keeper:
    """The first process of the Pod. Its main thread watches; another one renews, and may hang in the network."""

    def __init__(self, holding: Holding, deadline: Deadline, work_folder: Path) -> None:
        self._holding, self._deadline, self._folder = holding, deadline, work_folder
        self._ended = threading.Event()

    def renew(self) -> Lease:
        """Time counts from before the renewal was sent."""
        sent_s = boot_s()
        lease = self._holding.renew()
        self._deadline.set(sent_s + max(lease.duration_s - KILL_S, lease.duration_s / 2))
        folder.pass_on(self._folder, lease.control)
        return lease

    def watch(self, child: int) -> int:
        """Until the worker ended: gives its status; LAPSED where the lease did first."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda told, _: process.tell(child, told))
        threading.Thread(target=self._renew, name="renewing", daemon=True).start()
        while (status := process.ended(child)) is None:
            if self._deadline.is_over():
                _end_all()
            time.sleep(LOOK_S)
        self._ended.set()
        _kill_below()
        if status != LAPSED:
            self._release()
        return status if status >= 0 else 128 - status

    def _renew(self) -> None:
        wait_s = 0.0
        while not self._ended.wait(wait_s):
            try:
                wait_s = self.renew().duration_s / PART
            except Lost as error:
                print(error.fault.text, file=sys.stderr)
                self._deadline.set(0)
                return
            except (MtvError, Status) as error:
                print(f"the lease was not renewed: {error}", file=sys.stderr)
                wait_s = AGAIN_S

    def _release(self) -> None:
        """That it is not reached costs the next worker only time."""
        try:
            self._holding.release()
        except (MtvError, Status) as error:
            print(f"the lease was not released: {error}", file=sys.stderr)


def _end_all() -> None:
    """From the keeper or from the worker: first all others, then itself. Nothing is flushed or written any more."""
    _kill_below()
    os._exit(LAPSED)


def _kill_below() -> None:
    """A killed one's children become ours, so that is repeated until there is none."""
    until_s = boot_s() + KILL_S
    while (left := process.descendants(os.getpid())) and boot_s() < until_s:
        process.kill(left)
        process.reap_children()
        time.sleep(0.005)
