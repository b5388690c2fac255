"""A fake of CDI's upload: tokens, which anybody gets who may ask, and the proxy that takes disks. There is no going on
with half an upload. Laxer: a body has a length, and needs no scratch space to be turned into raw."""

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile

from tests.kube.api import Api, Object
from tests.kube.fakes.cdi.contents import Broken, lay
from tests.kube.fakes.pace import LOOK_S
from tests.kube.fakes.serving import Asked, Routes, Said, aggregate, discoverable
from tests.kube.fakes.watching import Key

GROUP, VERSION = "upload.cdi.kubevirt.io", "v1beta1"
VALID_S = 300
HOLD_S = 10  # a body that comes before its DataVolume is ready


@dataclass
class Upload:
    place: Path
    size_bytes: int
    done: threading.Event = field(default_factory=threading.Event)


class Uploads:
    def __init__(self, api: Api) -> None:
        self.api, self.key = api, secrets.token_bytes(32)
        self.waiting: dict[Key, Upload] = {}
        self.over: set[Key] = set()

    def offer(self, routes: Routes) -> None:
        listed: Object = {"name": "uploadtokenrequests", "singularName": "uploadtokenrequest", "namespaced": True,
                          "kind": "UploadTokenRequest", "verbs": ["create"]}  # fmt: skip
        discoverable(routes, GROUP, VERSION, [listed])
        routes.add("POST", f"/apis/{GROUP}/{VERSION}/namespaces/{{namespace}}/uploadtokenrequests", self.give)
        for way in ("upload", "upload-async"):
            routes.add("POST", f"/v1beta1/{way}", self.take)
        routes.add("HEAD", "/v1beta1/upload-async", self.probe)

    def register(self, authority: str) -> None:
        aggregate(self.api, "cdi", "cdi-api", GROUP, VERSION, authority)

    def open(self, key: Key, place: Path, size_bytes: int) -> None:
        self.over.discard(key)
        self.waiting[key] = Upload(place, size_bytes)

    def is_done(self, key: Key) -> bool:
        return self.waiting[key].done.is_set()

    def close(self, key: Key) -> None:
        self.waiting.pop(key, None)
        self.over.add(key)

    def give(self, asked: Asked) -> Said:
        """200 and not 201, for a claim that is not there, too."""
        made = asked.object
        told = {"namespace": asked.parts["namespace"], "name": made["spec"]["pvcName"], "exp": time.time() + VALID_S}
        return Said(200, {**made, "status": {"token": self.signed(told)}})

    def signed(self, told: Object) -> str:
        head, body = (encoded(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, told))
        return f"{head}.{body}.{self.signature(head, body)}"

    def signature(self, head: str, body: str) -> str:
        return encoded(hmac.digest(self.key, f"{head}.{body}".encode(), hashlib.sha256))

    def meant(self, asked: Asked) -> Key | Said:
        """The claim that the token is for, or what is wrong."""
        given = asked.headers.get("authorization", "")
        if not given.startswith("Bearer "):
            return Said(400, b"missing or malformed Authorization header")
        head, _, rest = given.removeprefix("Bearer ").partition(".")
        body, _, signature = rest.partition(".")
        if signature != self.signature(head, body):
            return Said(401, b"token is not ours")
        told: Object = json.loads(base64.urlsafe_b64decode(body + "=="))
        return (told["namespace"], told["name"]) if told["exp"] > time.time() else Said(401, b"token is expired")

    def found(self, asked: Asked) -> tuple[Key, Upload] | Said:
        key = self.meant(asked)
        if isinstance(key, Said):
            return key
        until = time.monotonic() + HOLD_S
        while key not in self.waiting and self.may_come(key) and time.monotonic() < until:
            time.sleep(LOOK_S)
        upload = self.waiting.get(key)
        return (key, upload) if upload else Said(503, b"upload is not ready")

    def may_come(self, key: Key) -> bool:
        return key not in self.over and self.api.find("persistentvolumeclaims", *key) is not None

    def probe(self, asked: Asked) -> Said:
        found = self.found(asked)
        return found if isinstance(found, Said) else Said(200)

    def take(self, asked: Asked) -> Said:
        """Whole, or not at all: an image that is too large leaves no trace on the object."""
        found = self.found(asked)
        if isinstance(found, Said):
            return found
        _, upload = found
        with NamedTemporaryFile(dir=upload.place.parent if upload.place.is_file() else None) as file:
            file.write(asked.body)
            file.flush()
            try:
                lay(Path(file.name), upload.place, upload.size_bytes)
            except Broken as broken:
                return Said(400, str(broken).encode())
        upload.done.set()
        return Said(200)


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
