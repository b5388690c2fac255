"""Events, as controllers write them."""

import datetime
import secrets

from tests.kube.api import Api, Object


def warn(api: Api, found: Object, reason: str, text: str) -> None:
    """Even a success may be a Warning."""
    meta = found["metadata"]
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    about = {"apiVersion": found["apiVersion"], "kind": found["kind"], "name": meta["name"], "uid": meta["uid"],
             "namespace": meta["namespace"]}  # fmt: skip
    event = {
        "metadata": {"name": f"{meta['name'][:200]}.{secrets.token_hex(8)}"}, "involvedObject": about,
        "type": "Warning", "reason": reason, "message": text, "firstTimestamp": now, "lastTimestamp": now, "count": 1,
        "source": {"component": "fakes"},
    }  # fmt: skip
    api.create("events", meta["namespace"], event)
