"""Errors on demand, from faults.json in an end's folder: {"faults": [{"call": "freeze", "kind": "temporary",
"after": 0, "times": 1}]}. A worker's operation meets its own name before each thing that it does."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from mtv import codec
from mtv.errors import Held, MtvError, Temporary
from mtv.providers.memory.folder import Folder

FILE = "faults"


@dataclass(frozen=True, kw_only=True)
class Demand:
    """Skip `after` calls, then fail `times` of them."""

    call: str
    kind: Literal["temporary", "permanent", "no-space", "unreadable"] = "temporary"
    after: int = 0
    times: int = 1


@dataclass(frozen=True)
class Demands:
    faults: tuple[Demand, ...] = ()


class Faults:
    def __init__(self, path: Path) -> None:
        self._folder = Folder(path)

    def demand(self, *faults: Demand) -> None:
        """In place of all that were demanded before."""
        self._folder.put(FILE, codec.dump(Demands(faults)))

    def meet(self, call: str) -> None:
        """Raise what is demanded of this call, if anything; counted in the file, so also over a crash."""
        data = self._folder.get(FILE)
        demands = codec.load(Demands, data, FILE).faults if data else ()
        for at, one in enumerate(demands):
            if one.call == call and one.times > 0:
                left = replace(one, after=one.after - 1) if one.after else replace(one, times=one.times - 1)
                self.demand(*demands[:at], left, *demands[at + 1 :])
                if not one.after:
                    raise _error(one)


def _error(one: Demand) -> MtvError:
    text = f"{one.call} fails on demand: {one.kind}"
    match one.kind:
        case "temporary":
            return Temporary("memory.temporary", text)
        case "no-space":
            return Held("target.no-space", text, "make space, then run the plan again")
        case "unreadable":
            return Held("source.unreadable", text, "mend the source, then run the plan again")
    return MtvError("memory.permanent", text)
