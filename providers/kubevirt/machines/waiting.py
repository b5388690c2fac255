"""Waiting for a VM to come or go: a look now and then, each in a thread, the waits longer each time."""

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

from mtv.settings import settings

T = TypeVar("T")


async def until(look: Callable[[], T | None], limit_s: float) -> T | None:
    """What it found; None where the time was over before."""
    end, waits = time.monotonic() + limit_s, iter(settings().target_poll_s)
    wait_s = 0.0
    while True:
        if (found := await asyncio.to_thread(look)) is not None:
            return found
        wait_s = next(waits, wait_s)
        if time.monotonic() + wait_s > end:
            return None
        await asyncio.sleep(wait_s)
