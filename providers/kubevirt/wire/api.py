"""The verbs of Kubernetes' API. A read is asked again while the server is away, and so is a change whose repetition
changes nothing; of one that was sent and never answered it is looked up what became of it.

kubernetes' own client is not used: docs/decisions/0050 says why.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import orjson

from mtv.errors import Temporary
from mtv.providers.kubevirt.fields import Object, pairs, text
from mtv.providers.kubevirt.wire.answers import Asked, Status
from mtv.providers.kubevirt.wire.line import Line
from mtv.providers.kubevirt.wire.meanings import meaning
from mtv.providers.kubevirt.wire.request import ANY, APPLY, MERGE, Params, Request
from mtv.providers.kubevirt.wire.stream import LINE_LIMIT_BYTES, Stream
from mtv.providers.kubevirt.wire.watching import Watch

UNTYPED = "failed to create typed patch object"
"""A field that the schema has not, or of another type: server-side apply says 500, and says it for ever."""
STRICT: Params = {"fieldManager": "mtv", "fieldValidation": "Strict"}
OURS = ("resourceVersion", "managedFields", "generation")  # of metadata: what the server counts up by itself


class Api(Line):
    """All raise Status for what the server refuses (`said` puts it into our words), and MtvError for what is wrong
    on the way."""

    def get(self, path: str, params: Params | None = None) -> Object:
        return self.persist(lambda: self.ask(Request("GET", path, params or {})))

    def review(self, path: str, body: Object) -> Object:
        """A question that is put by POST and changes nothing: asked again like a read."""
        return self.persist(lambda: self.ask(Request("POST", path, {}, orjson.dumps(body))))

    def create(self, path: str, body: Object, params: Params | None = None) -> Object:
        """In the list at `path`, under the name in `body`. Where an answer was lost and the name is taken by then, it
        is ours if it carries our labels; else Status 409."""
        request = Request("POST", path, {**STRICT, **(params or {})}, orjson.dumps(body))
        was_lost = False

        def once() -> Object:
            nonlocal was_lost
            try:
                return self.ask(request)
            except Temporary:
                was_lost = True
                raise
            except Status as status:
                if was_lost and (found := self._made(path, body, status)):
                    return found
                was_lost = was_lost or status.code >= 500
                raise

        return self.persist(once)

    def _made(self, path: str, body: Object, status: Status) -> Object | None:
        if status.reason != "AlreadyExists":
            return None
        found = self.ask(Request("GET", f"{path}/{text(body, 'metadata', 'name')}"))
        labels = pairs(body, "metadata", "labels").items()
        return found if labels and labels <= pairs(found, "metadata", "labels").items() else None

    def apply(self, path: str, body: Object, *, force: bool = False) -> Object:
        """Server-side, made or changed; `force` takes fields from other managers, for objects of ours alone."""
        params = {**STRICT, "force": "true" if force else "false"}
        request = Request("PATCH", path, params, orjson.dumps(body), APPLY)

        def once() -> Object:
            try:
                return self.ask(request)
            except Status as status:
                if status.code == 500 and UNTYPED in status.message:
                    raise Status(400, "BadRequest", status.message) from status
                raise

        return self.persist(once)

    def patch(self, path: str, body: Object) -> Object:
        """A merge patch: the values, not a difference, so it may arrive twice."""
        return self.persist(lambda: self.ask(Request("PATCH", path, STRICT, orjson.dumps(body), MERGE)))

    def replace(self, path: str, body: Object) -> Object:
        """With the resourceVersion that it was read with. Status 409 where somebody changed it since; what is there
        already after a lost answer was our own change."""
        request = Request("PUT", path, STRICT, orjson.dumps(body))
        was_lost = False

        def once() -> Object:
            nonlocal was_lost
            try:
                return self.ask(request)
            except Temporary:
                was_lost = True
                raise
            except Status as status:
                if status.code == 409 and was_lost:
                    found = self.ask(Request("GET", path))
                    if _content(found) == _content(body):
                        return found
                was_lost = was_lost or status.code >= 500
                raise

        return self.persist(once)

    def delete(
        self, path: str, *, uid: str = "", propagation: str = "Background", grace_s: int | None = None
    ) -> None:  # fmt: skip
        """The server's word for it, not the end of it. Gone already is gone, and so is what has that name now and
        another `uid`: it is left alone."""
        options: dict[str, object] = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": propagation}
        if uid:
            options["preconditions"] = {"uid": uid}
        if grace_s is not None:
            options["gracePeriodSeconds"] = grace_s
        request = Request("DELETE", path, {}, orjson.dumps(options))
        try:
            self.persist(lambda: self.ask(request))
        except Status as status:
            is_another = uid and status.code == 409 and "UID in precondition" in status.message
            if status.code != 404 and not is_another:
                raise

    def subresource(self, path: str, body: Object) -> None:
        """Such as start and stop of a VM; its answer has no type and says nothing. Sent again only where the server
        said that it did not do it: Temporary, and the caller looks what became of it."""
        request = Request("PUT", path, {}, orjson.dumps(body), accept=ANY)
        self.persist(lambda: self.ask(request), lambda error: isinstance(error, Status) and error.code == 429)

    def lines(
        self, path: str, params: Params | None = None, *, stall_s: float | None = None,
        limit_bytes: int = LINE_LIMIT_BYTES,
    ) -> Stream:  # fmt: skip
        """A streamed answer, line by line; `close` of it may come from another thread. Raises Temporary where it was
        cut, or nothing came for `stall_s`."""
        request = Request("GET", path, params or {}, accept=ANY)
        link, response = self.persist(lambda: self.open(request, stall_s or self.limits.read_stall_s))
        return Stream(link, response, Asked(self.server, path), limit_bytes)

    def watch(self, path: str, params: Params | None = None) -> Watch:
        """All that the list at `path` has, and then what happens to it: see Watch."""
        return Watch(self, path, params or {})

    @contextmanager
    def said(self, what: str) -> Iterator[None]:
        """What the server refused, in our words."""
        try:
            yield
        except Status as status:
            raise meaning(status, Asked(self.server, what)) from status


def _content(found: Object) -> Object:
    metadata = found.get("metadata")
    kept = {key: one for key, one in metadata.items() if key not in OURS} if isinstance(metadata, dict) else {}
    return {**found, "metadata": kept}
