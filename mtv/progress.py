"""Rate and time left, from true bytes. Whoever draws is above; the clock is a parameter."""

from collections import deque
from dataclasses import dataclass, field


@dataclass
class Rate:
    """Bytes per second over the last `window_s` seconds, and the time left at that rate."""

    window_s: float = 30.0
    _points: deque[tuple[float, int]] = field(default_factory=deque)

    def at(self, now_s: float, done_bytes: int) -> None:
        self._points.append((now_s, done_bytes))
        while len(self._points) > 2 and now_s - self._points[0][0] > self.window_s:
            self._points.popleft()

    @property
    def bytes_per_s(self) -> float | None:
        """None until two points a second apart are known: no figure is better than a wrong one."""
        if len(self._points) < 2:
            return None
        (first_s, first), (last_s, last) = self._points[0], self._points[-1]
        return (last - first) / (last_s - first_s) if last_s - first_s >= 1 else None

    def eta_s(self, total_bytes: int) -> float | None:
        rate = self.bytes_per_s
        if not rate or not self._points:
            return None
        return max(0.0, (total_bytes - self._points[-1][1]) / rate)
