"""Where a worker's events go: bytes into the progress row, what its tools said into the attempt's log."""

from collections.abc import Callable, Mapping

from mtv.model.estate import VM, Json
from mtv.model.tasks import DiskProgress, Event
from mtv.store import inventory
from mtv.store.journal import Progress, StoreJournal, note
from mtv.store.place import log_path
from mtv.store.store import Store


def reporter(store: Store, run: str, vm: VM, journal: StoreJournal) -> Callable[[Event], None]:
    progress = Progress(store, run, vm.key)

    def report(event: Event) -> None:
        last = journal.rows()[-1]
        data = event.data
        if event.type == "progress" and "disk" in data:
            progress.tell(last.step, _progress(data))
        elif event.type == "facts":
            inventory.save_inspection(store, vm, data)
        elif event.type == "finding":
            note(store, run, vm.key, str(data.get("level", "info")), str(data.get("text", "")))
        elif event.type == "log":
            with log_path(store.path, run, vm.key, last.step, last.attempt).open("a", encoding="utf-8") as file:
                file.write(str(data.get("text", "")).rstrip("\n") + "\n")

    return report


def _progress(data: Mapping[str, Json]) -> DiskProgress:
    def number(name: str) -> int:
        value = data.get(name)
        return value if isinstance(value, int) else 0

    return DiskProgress(
        disk=str(data["disk"]), done_bytes=number("done_bytes"), total_bytes=number("total_bytes"),
        phase=str(data.get("phase", "copy")), counted=data.get("counted") is not False,
    )  # fmt: skip
