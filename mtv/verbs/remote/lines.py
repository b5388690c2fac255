"""One JSON object a line, both ways; bounded, for the other end is a stranger's.

{"id": 1, "verb": "get", "args": {"words": ["vms", "-o", "json"], "files": {}}}
{"id": 1, "out": "..."}   {"id": 1, "err": "..."}      any number, as they come
{"id": 1, "ok": {"code": 0, "files": {}}}              or   {"id": 1, "fault": {"code": ..., "text": ...}}
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from pathlib import PurePosixPath

from mtv.errors import MtvError, Refused
from mtv.model.estate import Json
from mtv.words import plain

LINE_LIMIT_BYTES = 48 << 20
FILES_LIMIT_BYTES = 32 << 20
FILES = "@files/"  # before a word that names a file that travels: @files/0/plan.yaml

Message = Mapping[str, Json]


def dump(message: Message) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def load(line: bytes) -> Message:
    """Raises MtvError `rpc.line`."""
    try:
        found = json.loads(line) if len(line) <= LINE_LIMIT_BYTES else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise not_ours(line)
    return found


def not_ours(line: bytes) -> MtvError:
    said = plain(line[:200].decode(errors="replace").strip())
    return MtvError("rpc.line", f"the other end does not speak our protocol: '{said}'", "is `mtv rpc` there?")


def words(args: Json) -> list[str]:
    """Raises Refused `rpc.args`."""
    found = args.get("words", []) if isinstance(args, dict) else None
    if not isinstance(found, list) or not all(isinstance(one, str) and "\0" not in one for one in found):
        raise Refused("rpc.args", "words are a list of texts")
    return [str(one) for one in found]


def text(args: Json, name: str) -> str:
    """Raises Refused `rpc.args`."""
    found = args.get(name) if isinstance(args, dict) else None
    if not isinstance(found, str):
        raise Refused("rpc.args", f"'{name}' is a text")
    return found


def packed(files: Mapping[str, bytes]) -> dict[str, Json]:
    """Raises Refused `rpc.files`."""
    if sum(map(len, files.values())) > FILES_LIMIT_BYTES:
        raise Refused("rpc.files", f"the files are more than {FILES_LIMIT_BYTES >> 20} MiB together", "copy them there")
    return {name: b64encode(data).decode() for name, data in files.items()}


def unpacked(found: Json) -> dict[str, bytes]:
    """By names that lead nowhere else. Raises Refused `rpc.files`."""
    if not isinstance(found, dict):
        raise Refused("rpc.files", "files are an object of texts")
    made = {}
    for name, data in found.items():
        path = PurePosixPath(name)
        if not isinstance(data, str) or path.is_absolute() or ".." in path.parts or "\0" in name or not path.parts:
            raise Refused("rpc.files", f"'{name[:200]}' is no file that may travel")
        try:
            made[name] = b64decode(data, validate=True)
        except ValueError as error:
            raise Refused("rpc.files", f"file '{name[:200]}' came damaged") from error
    return made
