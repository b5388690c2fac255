"""Made-up bytes behave as bytes: held against a plain bytearray."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtv.providers.memory.content import Content, Run, changed, content_at, written

SIZE = 4096
runs = st.lists(
    st.builds(
        lambda at, length, stamp: Run(at, min(length, SIZE - at), stamp),
        st.integers(0, SIZE - 1),
        st.integers(1, SIZE),
        st.sampled_from(("", "a", "b")),
    ),
    max_size=8,
)


def plain(some: list[Run]) -> bytes:
    """The same by the definition of a run: its bytes depend on stamp and offset."""
    data = bytearray(SIZE)
    for run in some:
        alone = Content(SIZE, (run,)) if run.stamp else Content(SIZE)
        data[run.offset : run.end] = alone.read(run.offset, run.length)
    return bytes(data)


@given(some=runs, at=st.integers(0, SIZE), length=st.integers(0, SIZE))
def test_what_is_put_is_read(some: list[Run], at: int, length: int) -> None:
    content = Content(SIZE).put(some)
    assert content.read(0, SIZE) == plain(some)
    assert content.read(at, length) == plain(some)[at : at + length]
    assert content.data_bytes <= SIZE
    assert all(one.end <= other.offset for one, other in zip(content.runs, content.runs[1:], strict=False))


@given(some=runs, others=runs)
def test_equal_bytes_are_equal_contents_and_differences_are_all_told(some: list[Run], others: list[Run]) -> None:
    ours, theirs = Content(SIZE).put(some), Content(SIZE).put(others)
    assert (ours == theirs) == (ours.read(0, SIZE) == theirs.read(0, SIZE)) == (ours.root() == theirs.root())
    differing = ours.differing(theirs, 0, SIZE)
    assert theirs.put(differing) == ours
    assert bool(differing) == (ours != theirs)


def test_stamps_and_offsets_make_different_bytes() -> None:
    content = Content(SIZE).put([Run(0, 1024, "a"), Run(1024, 1024, "b")])
    blocks = {content.read(at, 256) for at in range(0, 2048, 256)}
    assert len(blocks) == 8


@given(seed=st.integers(0, 99), size_mib=st.sampled_from([1, 2, 4]), since=st.integers(0, 3), more=st.integers(0, 3))
def test_changes_cover_what_differs_between_generations(seed: int, size_mib: int, since: int, more: int) -> None:
    size = size_mib << 20
    old, new = (content_at(seed, "vm/d", size, generation) for generation in (since, since + more))
    told = changed(seed, "vm/d", size, since, since + more)
    patched = old
    for extent in told:
        patched = patched.put(new.within(extent.offset, extent.length))
        if extent.zero:
            assert not any(run.stamp for run in new.within(extent.offset, extent.length))
    assert patched == new
    assert (more == 0) == (told == [])


def test_every_generation_writes_and_some_trim() -> None:
    trims = [run for generation in range(1, 20) for run in written(1, "d", 4 << 20, generation) if not run.stamp]
    assert len(trims) == 19


@pytest.mark.parametrize("size_bytes", [512, 4096, 5000, 1 << 20])
def test_small_and_odd_disks_keep_within_their_size(size_bytes: int) -> None:
    content = content_at(3, "vm/odd", size_bytes, 4)
    assert all(run.end <= size_bytes for run in content.runs)
    assert len(content.read(0, size_bytes)) == size_bytes


def test_a_hundred_terabytes_cost_nothing() -> None:
    began = time.process_time()
    content = content_at(1, "vm/huge", 100 << 40, 5)
    assert content.data_bytes > 1 << 40
    assert len(content.read(50 << 40, 1 << 20)) == 1 << 20
    assert time.process_time() - began < 0.5
