"""A process that reads a cluster's VMs and claims, `python listing.py HOW KUBECONFIG STORE`: into the store as
`mtv refresh` does, or only as JSON. Prints one line of JSON."""

import asyncio
import json
import resource
import sys
import time
from pathlib import Path
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).parents[2]))

import orjson  # noqa: E402

from mtv.model.estate import VM  # noqa: E402
from mtv.providers.kubevirt import KubeVirt  # noqa: E402
from mtv.providers.kubevirt.wire import pages  # noqa: E402
from mtv.store import inventory  # noqa: E402
from mtv.store.store import Store  # noqa: E402
from tests.kube.api import Api  # noqa: E402

LISTS = ("/api/v1/persistentvolumeclaims", "/apis/kubevirt.io/v1/virtualmachines")


def raw(kubeconfig: Path) -> int:
    """The same pages over one connection, read and parsed one after another, and nothing done with them."""
    api, number = Api.read(kubeconfig), 0
    for path in LISTS:
        token = ""
        while True:
            more = f"&continue={quote(token)}" if token else ""
            reply = api.ask("GET", f"{path}?limit={pages.PAGE}{more}")
            told = orjson.loads(reply.body)
            number += len(told["items"]) if path == LISTS[1] else 0
            if not (token := told["metadata"].get("continue", "")):
                break
    return number


async def stored(kubeconfig: Path, path: Path) -> int:
    number, target = 0, KubeVirt("lab", str(kubeconfig))
    with Store(path) as store:
        work = inventory.Refresh(store, "lab", full=True)
        async for change in target.inventory(None):
            work.take(change)
            number += isinstance(change, VM)
        work.finish()
    await target.close()
    return number


def main() -> None:
    how, kubeconfig, path = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    Store(path).close()  # who has a provider has a store
    since = time.perf_counter()
    number = raw(kubeconfig) if how == "raw" else asyncio.run(stored(kubeconfig, path))
    took = time.perf_counter() - since
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
    print(json.dumps({"seconds": took, "vms": number, "peak_bytes": peak}), flush=True)


if __name__ == "__main__":
    main()
