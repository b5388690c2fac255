"""Extents that are found while they are used, and the threads that use them."""

import threading
from collections.abc import Iterator

import pytest

from mtv.converters.transfer.extents import Block, slices
from mtv.converters.transfer.readers.crew import Crew
from mtv.converters.transfer.readers.feed import Feed, Survey
from mtv.converters.transfer.readers.rate import Bucket
from mtv.errors import Temporary

UNLIMITED = Bucket(lambda: None, lambda: False)


def test_a_survey_gives_all_extents_merged_and_counts_them() -> None:
    survey = Survey(((number * 10, 5 if number % 2 else 10) for number in range(2000)), lambda: False)
    found = list(survey)
    survey.close()
    assert sum(length for _, length in found) == survey.found.total_bytes == 1000 * 15
    assert all(offset + length < after for (offset, length), (after, _) in zip(found, found[1:], strict=False))


def test_extents_are_given_before_all_are_found() -> None:
    gate = threading.Event()

    def slow() -> Iterator[tuple[int, int]]:
        yield from ((number * 10, 5) for number in range(600))
        assert gate.wait(10)
        yield 90_000, 5

    survey = Survey(slow(), lambda: False)
    first = [one for one, _ in zip(survey, range(500), strict=False)]
    gate.set()
    assert len(first) == 500
    assert len(list(survey)) == 601
    survey.close()


def test_a_survey_that_fails_fails_whoever_uses_it() -> None:
    def failing() -> Iterator[tuple[int, int]]:
        yield 0, 10
        raise Temporary("source.read", "the server went away")

    survey = Survey(failing(), lambda: False)
    with pytest.raises(Temporary, match="went away"):
        list(survey)
    survey.close()


def test_a_stop_ends_a_wait_for_extents() -> None:
    stop, gate = threading.Event(), threading.Event()

    def hanging() -> Iterator[tuple[int, int]]:
        gate.wait(10)
        yield 0, 10

    survey = Survey(hanging(), stop.is_set)
    threading.Timer(0.05, stop.set).start()
    assert list(survey) == []
    gate.set()
    survey.close()


def test_each_block_is_given_once_to_one_of_many_threads() -> None:
    feed = Feed(slices([(0, 4000)], 4), UNLIMITED, lambda: False)
    taken, lock = list[Block](), threading.Lock()

    def work() -> None:
        while block := feed.next():
            with lock:
                taken.append(block)

    crew = Crew(feed, work, 4)
    for _ in range(6):
        crew.hire()
    crew.join()
    assert sorted(block.offset for block in taken) == list(range(0, 4000, 4))


def test_the_first_failure_ends_all_and_is_told() -> None:
    feed = Feed(slices([(0, 4_000_000)], 4), UNLIMITED, lambda: False)

    def work() -> None:
        while block := feed.next():
            if block.offset == 400:
                raise Temporary("source.read", "a bad sector")

    crew = Crew(feed, work, 3)
    for _ in range(3):
        crew.hire()
    with pytest.raises(Temporary, match="bad sector"):
        crew.join()
    assert feed.next() is None
