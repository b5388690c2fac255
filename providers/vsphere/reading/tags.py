"""Tags, which only the REST service knows: category and tag by VM."""

import json
from base64 import b64encode
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress

from mtv.errors import MtvError
from mtv.providers.vsphere.wire.session import Session

BATCH = 1000
Tags = Mapping[str, Mapping[str, str]]


class Rest:
    """vCenter's REST service with a session of its own; `/rest` is served from 6.5 to 8."""

    def __init__(self, session: Session) -> None:
        self._session, self._token = session, ""

    def __enter__(self) -> "Rest":
        account = self._session.account
        plain = b64encode(account.user.encode() + b":" + account.password).decode()
        token = self._ask("POST", "/rest/com/vmware/cis/session", None, {"Authorization": f"Basic {plain}"})
        if not isinstance(token, str):
            raise _odd(self._session, "no session")
        self._token = token
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(MtvError):  # it ends by itself
            self._ask("DELETE", "/rest/com/vmware/cis/session", None, {})

    def get(self, path: str) -> object:
        return self._ask("GET", path, None, {})

    def post(self, path: str, body: object) -> object:
        return self._ask("POST", path, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def _ask(self, verb: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> object:
        own = {"vmware-api-session-id": self._token} if self._token else {}
        status, data = self._session.exchange(verb, path, body, {**headers, **own})
        if status // 100 != 2:
            raise _odd(self._session, f"it answers {status}")
        try:
            told = json.loads(data) if data else {}
        except ValueError as error:
            raise _odd(self._session, "no JSON") from error
        return told.get("value") if isinstance(told, dict) else told


def tags(session: Session) -> Tags:
    """By VM id. Several tags of one category are joined by commas. Raises MtvError `vsphere.tags`."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    with Rest(session) as rest:
        known = _texts(rest.get("/rest/com/vmware/cis/tagging/tag"))
        names = {one: _named(rest, one) for one in known}
        for batch in (known[at : at + BATCH] for at in range(0, len(known), BATCH)):
            path = "/rest/com/vmware/cis/tagging/tag-association?~action=list-attached-objects-on-tags"
            for one in _maps(rest.post(path, {"tag_ids": batch})):
                category, name = names.get(str(one.get("tag_id")), ("", ""))
                for of in _maps(one.get("object_ids")):
                    if of.get("type") == "VirtualMachine":
                        found[str(of.get("id"))][category].append(name)
    return {vm: {category: ",".join(sorted(of)) for category, of in sorted(told.items())} for vm, told in found.items()}


def _named(rest: Rest, tag: str) -> tuple[str, str]:
    told = _map(rest.get(f"/rest/com/vmware/cis/tagging/tag/id:{tag}"))
    category = _map(rest.get(f"/rest/com/vmware/cis/tagging/category/id:{told.get('category_id')}"))
    return str(category.get("name", "")), str(told.get("name", ""))


def _texts(value: object) -> list[str]:
    return [str(one) for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _maps(value: object) -> Sequence[Mapping[str, object]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _map(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _odd(session: Session, why: str) -> MtvError:
    return MtvError("vsphere.tags", f"{session.address}: the service of tags does not answer: {why}")
