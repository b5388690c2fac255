"""The engine's own Lease: one of several that want it acts, by clocks that nobody has to agree on. Who has it counts
from before its last renewal was sent; who wants it, from when it last saw something change."""

import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from mtv.errors import MtvError
from mtv.providers.kubevirt.fields import Object, mapping, text, whole
from mtv.providers.kubevirt.jobs.leases import moment
from mtv.providers.kubevirt.wire.answers import Status

if TYPE_CHECKING:
    from mtv.providers.kubevirt.wire.api import Api

LEASES = "/apis/coordination.k8s.io/v1/namespaces/{}/leases"
DURATION_S, RENEW_S, LOOK_S = 30, 8.0, 1.0
AGAIN_S = 1.0  # after a renewal that failed
MARGIN_S = 5.0  # before its end nothing is begun any more, and the process ends


class Election:
    """providers.engines.Seat. `attempt` and `renew` are one request or two each; `hold` keeps renewing beside us."""

    def __init__(
        self, api: "Api", namespace: str, name: str, who: str = "", clock: Callable[[], float] = time.monotonic,
        renewing: "Api | None" = None,
    ) -> None:  # fmt: skip
        self._api, self._hasty = api, renewing or api
        self._list, self._name, self._clock = LEASES.format(namespace), name, clock
        self.who = who or f"{socket.gethostname()}-{os.getpid()}-{os.urandom(4).hex()}"
        self._held_s = float("-inf")  # when the last renewal that succeeded was sent
        self._seen: tuple[str, float] = ("", float("-inf"))  # its version, and since when it is that
        self._left = threading.Event()

    def holds(self) -> bool:
        return self._clock() - self._held_s < DURATION_S - MARGIN_S

    def attempt(self) -> bool:
        """Whether it is ours now."""
        sent_s = self._clock()
        try:
            found = self._api.get(f"{self._list}/{self._name}")
        except Status as status:
            if status.code != 404:
                raise
            return self._put(lambda: self._api.create(self._list, self._given({})), sent_s)
        version = text(found, "metadata", "resourceVersion")
        if version != self._seen[0]:
            self._seen = version, self._clock()  # from after it was read: it may have been renewed until then
        holder, lasts_s = text(found, "spec", "holderIdentity"), whole(found, "spec", "leaseDurationSeconds")
        free = holder in ("", self.who) or self._clock() - self._seen[1] > (lasts_s or DURATION_S)
        return free and self._put(lambda: self._api.replace(f"{self._list}/{self._name}", self._given(found)), sent_s)

    def renew(self) -> bool:
        """False: it is another's by now."""
        sent_s = self._clock()
        found = self._hasty.get(f"{self._list}/{self._name}")
        if text(found, "spec", "holderIdentity") != self.who:
            self._held_s = float("-inf")
            return False
        spec = {**mapping(found, "spec"), "renewTime": moment()}
        return self._put(lambda: self._hasty.replace(f"{self._list}/{self._name}", {**found, "spec": spec}), sent_s)

    def _put(self, change: Callable[[], Object], sent_s: float) -> bool:
        try:
            change()
        except Status as status:
            if status.code != 409:
                raise
            return False
        self._held_s = sent_s
        return True

    def _given(self, found: Object) -> Object:
        turns = whole(found, "spec", "leaseTransitions")
        return {
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
            "metadata": {**mapping(found, "metadata"), "name": self._name},
            "spec": {
                "holderIdentity": self.who, "leaseDurationSeconds": DURATION_S, "acquireTime": moment(),
                "renewTime": moment(), "leaseTransitions": 0 if turns is None else turns + 1,
            },
        }  # fmt: skip

    def wait(self, waiting: Callable[[], None]) -> None:
        """Until it is ours."""
        with self._api.said(f"the engine's Lease {self._name}"):
            while not self.attempt():
                waiting()
                time.sleep(LOOK_S)

    def hold(self, lost: Callable[[], None], say: Callable[[str], None]) -> None:
        """Renews it from now on; `lost` is called once, in a thread of its own, as soon as it is not surely ours. What
        went wrong until then is said."""
        threading.Thread(target=self._renewing, args=(say,), name="lease", daemon=True).start()
        threading.Thread(target=self._watching, args=(lost,), name="lease-watch", daemon=True).start()

    def _renewing(self, say: Callable[[str], None]) -> None:
        wait_s = RENEW_S
        while not self._left.wait(wait_s):
            wait_s = self.keep(say)

    def keep(self, say: Callable[[str], None]) -> float:
        """Renews it: seconds until it is to be done again. One that fails is said; where none succeeds any more, the
        watch sees the time run out."""
        try:
            if self.renew():
                return RENEW_S
            why = "somebody else has changed it"
        except (MtvError, Status) as error:
            why = str(error)
        say(f"the engine's Lease {self._name} was not renewed: {why}")
        return AGAIN_S

    def _watching(self, lost: Callable[[], None]) -> None:
        while not self._left.wait(LOOK_S):
            if not self.holds():
                lost()
                return

    def leave(self) -> None:
        """For the next one to have it at once."""
        self._left.set()
        if self.holds():
            with suppress(MtvError, Status):
                found = self._hasty.get(f"{self._list}/{self._name}")
                if text(found, "spec", "holderIdentity") == self.who:
                    spec = {**mapping(found, "spec"), "holderIdentity": ""}
                    self._hasty.replace(f"{self._list}/{self._name}", {**found, "spec": spec})
        self._held_s = float("-inf")
