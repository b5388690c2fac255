"""What is asked of the API server, as bytes and as it stands in messages."""

from collections.abc import Mapping
from dataclasses import dataclass, field

Params = Mapping[str, str | int]

APPLY = "application/apply-patch+yaml"  # JSON is YAML
MERGE = "application/merge-patch+json"
JSON = "application/json"
ANY = "*/*"


@dataclass(frozen=True)
class Request:
    verb: str
    path: str
    params: Params = field(default_factory=dict)
    body: bytes | None = None
    content: str = JSON
    accept: str = JSON
