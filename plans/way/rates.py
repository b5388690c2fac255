"""A run's bytes per second, split evenly over the workers that read its sources at this moment."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mtv.providers.workers import Workers


class Rates:
    def __init__(self, limit_bytes_per_s: int | None = None) -> None:
        self._limit = limit_bytes_per_s
        self._told: dict[str, int] = {}  # by worker

    def next(self) -> int | None:
        """What one more worker is started with; None: as fast as it can."""
        return self._share(len(self._told) + 1) if self._limit else None

    @asynccontextmanager
    async def reading(self, workers: Workers, worker: str, rate_bytes_per_s: int | None) -> AsyncIterator[None]:
        """Until that worker ended. The others are told how much is left for them."""
        if rate_bytes_per_s is None:
            yield
            return
        self._told[worker] = rate_bytes_per_s
        try:
            await self._tell(workers)
            yield
        finally:
            del self._told[worker]
            await self._tell(workers)

    def _share(self, count: int) -> int:
        return max(1, (self._limit or 0) // count)

    async def _tell(self, workers: Workers) -> None:
        for name in list(self._told):
            share = self._share(len(self._told)) if name in self._told else 0
            if share and self._told[name] != share:
                self._told[name] = share
                await workers.control(name, {"rate_bytes_per_s": share})
