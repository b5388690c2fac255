"""A maker killed at any change leaves what the next one finishes or undoes."""

import os
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from mtv.providers.bundle import Bundle
from tests.providers.bundle.acts import PAPERS, do, files
from tests.providers.bundle.conftest import spec


class TestKilled:
    """What a maker that was killed leaves is found again, and goes with the scratch."""

    class Killed(BaseException):
        pass

    def kill_at(self, monkeypatch: pytest.MonkeyPatch, work: Callable[[], Coroutine[Any, Any, Any]], at: int) -> bool:
        """Ends the work before its `at`-th change of the file system; False if it had fewer."""
        calls = 0

        def counted(real: Callable[..., Any]) -> Callable[..., Any]:
            def call(*args: Any, **words: Any) -> Any:
                nonlocal calls
                calls += 1
                if calls >= at:  # nothing more happens, not even what `finally` would do
                    raise self.Killed
                return real(*args, **words)

            return call

        with monkeypatch.context() as patch:
            for name in ("mkdir", "rename", "setxattr", "rmdir", "unlink", "truncate", "chmod"):
                patch.setattr(os, name, counted(getattr(os, name)))
            for name in ("mkdir", "rename", "replace", "rmdir", "unlink", "chmod", "open"):
                patch.setattr(Path, name, counted(getattr(Path, name)))
            try:
                do(work())
            except self.Killed:
                return True
            return False

    @pytest.mark.parametrize("attributes", [True, False])
    def test_at_every_change(
        self, out: Path, monkeypatch: pytest.MonkeyPatch, attributes: bool, request: pytest.FixtureRequest
    ) -> None:
        if not attributes:
            request.getfixturevalue("no_attributes")

        def move(bundle: Bundle) -> Callable[[], Coroutine[Any, Any, None]]:
            async def work() -> None:
                await bundle.scratch("plan-1", "web")
                await bundle.create(spec())
                await bundle.create(spec(1))
                await bundle.create_machine("web", [{"kind": "X"}], PAPERS)

            return work

        def undo(bundle: Bundle) -> None:
            do(bundle.remove_machine("web"))
            for index in range(2):
                if volume := do(bundle.find(spec(index))):
                    do(bundle.remove(volume))
            do(bundle.tidy("plan-1", "web"))

        at = 1
        while self.kill_at(monkeypatch, move(Bundle("one", str(out))), at):
            again = Bundle("two", str(out))
            do(again.ready([spec(), spec(1)], 0))
            if at % 2:
                do(move(again)())
                assert do(again.machine("web")).state == "halted"
                assert len([file for file in files(out) if file.startswith("web/")]) == 6
            undo(again)
            assert not out.exists() or os.listdir(out) == [], at
            at += 1
        assert at > 30
        undo(Bundle("three", str(out)))
