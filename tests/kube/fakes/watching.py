"""All objects of a kind, kept by a list and a watch, and told to who wants to know."""

import threading
import time
from collections.abc import Callable

from tests.kube.api import Answer, Api, Object, path

Key = tuple[str, str]  # namespace and name
AGAIN_S = 0.2


def key_of(found: Object) -> Key:
    return found["metadata"].get("namespace", ""), found["metadata"]["name"]


class Watched:
    def __init__(self, api: Api, kind: str, told: Callable[[str, Object], None] = lambda event, found: None) -> None:
        """`told` is called for ADDED, MODIFIED and DELETED, one after another."""
        self.api, self.kind, self.told = api, kind, told
        self.objects: dict[Key, Object] = {}
        self.listed = threading.Event()

    def start(self) -> "Watched":
        threading.Thread(target=self.follow, name=f"watch {self.kind}", daemon=True).start()
        return self

    def follow(self) -> None:
        """For ever: an apiserver that is away comes back."""
        while True:
            try:
                version = self.list()
                while True:
                    version = self.watch(version)
            except (OSError, Answer, ValueError):
                time.sleep(AGAIN_S)

    def list(self) -> str:
        found = self.api.want("GET", path(self.kind))
        now = {key_of(one): one for one in found["items"]}
        for key in self.objects.keys() - now.keys():
            self.take("DELETED", self.objects[key])
        for key, one in now.items():
            self.take("MODIFIED" if key in self.objects else "ADDED", one)
        self.listed.set()
        return str(found["metadata"]["resourceVersion"])

    def watch(self, version: str) -> str:
        """Raises ValueError where the version is too old."""
        for event, found in self.api.watch(self.kind, version=version):
            if event == "ERROR":
                raise ValueError(found.get("message"))
            version = found["metadata"]["resourceVersion"]
            if event != "BOOKMARK":
                self.take(event, found)
        return version

    def take(self, event: str, found: Object) -> None:
        if event == "DELETED":
            self.objects.pop(key_of(found), None)
        else:
            self.objects[key_of(found)] = found
        self.told(event, found)

    def get(self, namespace: str, name: str) -> Object | None:
        return self.objects.get((namespace, name))
