"""What was before a fence, noted in the VM's own settings: so it outlives us, and other engines read it too."""

import json
from dataclasses import dataclass

from mtv import codec
from mtv.errors import Held, Refused
from mtv.providers.vsphere.steering.subject import Subject

KEY = "mtv.fence"
INSPECT = "inspect"  # RUN of the points of `mtv inspect`: runs have a number
NAME_LIMIT = 80  # characters of a VM's name


@dataclass(frozen=True, kw_only=True)
class Card:
    key: int
    connected: bool
    starts: bool


@dataclass(frozen=True, kw_only=True)
class Override:
    """What a cluster does with this VM other than with the rest. None: nothing was set."""

    cluster: str
    restart: str | None = None  # HA's priority
    moves: bool | None = None  # by DRS


@dataclass(frozen=True, kw_only=True)
class Start:
    """What its host does with it when the host starts."""

    manager: str
    action: str


@dataclass(frozen=True, kw_only=True)
class Note:
    run: str  # mtv-RUN~WHICH
    name: str  # as the server writes it
    power: str
    cards: tuple[Card, ...] = ()
    override: Override | None = None
    start: Start | None = None


def run_word(mark: str) -> str:
    """RUN of mtv-RUN~WHICH, as commands take it."""
    return mark.removeprefix("mtv-").partition("~")[0]


def ended(mark: str) -> str:
    """The hint for a VM that has a point of another one's."""
    if run_word(mark) == INSPECT:
        return "wait for that `mtv inspect`; if it was killed, the next one of its store removes the snapshot"
    return f"end that run, or roll it back: mtv rollback {run_word(mark)}"


def fence_of(subject: Subject) -> Note | None:
    """Raises Held `source.note` for a note that somebody changed."""
    text = subject.notes.get(KEY)
    if not text:
        return None
    try:
        return codec.load(Note, json.loads(text), "its note")
    except (ValueError, Refused) as error:
        raise Held(
            "source.note", f"{subject.name}: what a fence noted in its setting {KEY} cannot be read: {error}",
            f"undo the fence by hand, then remove {KEY} from the VM's advanced settings",
        ) from error  # fmt: skip


def written(note: Note) -> str:
    return json.dumps(codec.dump(note), separators=(",", ":"))


def fenced_names(name: str, run: str, id_: str) -> tuple[str, str]:
    """What a fenced VM is called: its own name, cut where there is no room, and whose it is; and another name for where
    its folder has one of that name already. As people write it."""
    whose = f" ({run})" if len(run) <= 60 else f" ({run[:39]}..{run[-19:]})"
    return tuple(f"{name[: NAME_LIMIT - len(end)]}{end}" for end in (whose, f" {id_}{whose}"))  # type: ignore[return-value]


def escaped(name: str) -> str:
    """As the server writes it."""
    return name.replace("%", "%25").replace("/", "%2f").replace("\\", "%5c")
