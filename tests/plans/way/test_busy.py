"""A source that is too busy for a minute, whatever it is asked: nobody has to do anything."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mtv.errors import Temporary
from mtv.providers.memory import MemorySource
from tests.crash.pair import Case, Pair

MINUTE = timedelta(seconds=60)


@pytest.mark.parametrize("call", ["vm", "freeze", "export", "power", "fence", "release"])
def test_a_minute_without_an_answer_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    """Of simulated time, from the first time that it is asked."""
    pair, act = Pair(Case("cold", "snapshots"), tmp_path), getattr(MemorySource, call)
    asked: list[datetime] = []

    async def busy(self: MemorySource, *words: Any, **more: Any) -> Any:
        asked.append(pair.clock.now())
        if asked[-1] < asked[0] + MINUTE:
            raise Temporary("vsphere.busy", "it answers 503")
        return await act(self, *words, **more)

    monkeypatch.setattr(MemorySource, call, busy)
    assert pair.drive() == "done"
    assert len([at for at in asked if at < asked[0] + MINUTE]) >= 3
    pair.assert_ended("done")
