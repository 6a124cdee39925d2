"""How often each visitor did what within the last hour. Kept in memory: a restart forgets it."""

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Literal

from app.errors import TooMany
from app.settings import Settings

HOUR_S = 3600.0
WRONG_KEYS = 30  # tries in an hour, of one address

Limited = Literal["renders", "findings", "facets", "uploads", "changes", "wrong keys"]


class Limits:
    """Sliding hours, one for each visitor and thing. May be used from any thread."""

    def __init__(self, most: Mapping[Limited, int], clock: Callable[[], float] = time.monotonic) -> None:
        """`most` says how many of each thing an hour may have; 0 is any number."""
        self._most = most
        self._clock = clock
        self._times: dict[tuple[str, Limited], deque[float]] = {}
        self._swept = clock()
        self._lock = threading.Lock()

    @classmethod
    def of(cls, settings: Settings) -> "Limits":
        """The limits that are set."""
        return cls(
            {
                "renders": settings.renders_per_hour,
                "findings": settings.findings_per_hour,
                "facets": settings.facets_per_hour,
                "uploads": settings.uploads_per_hour,
                "changes": settings.changes_per_hour,
                "wrong keys": WRONG_KEYS,
            }
        )

    def take(self, who: str, what: Limited, count: int = 1, *, only_ask: bool = False) -> None:
        """Count what a visitor is about to do, or `only_ask` whether they may. More at once than an hour may have takes the
        whole hour.

        Raises:
            TooMany: The hour has no room for it; nothing is counted then.
        """
        most = self._most[what]
        count = min(count, most)
        if not count:
            return
        with self._lock:
            now = self._clock()
            self._sweep(now)
            times = _recent(self._times.setdefault((who, what), deque()), now)
            over = len(times) + count - most
            if over > 0:
                raise _too_many(what, most, times[over - 1] + HOUR_S - now)
            times.extend([] if only_ask else [now] * count)

    def give_back(self, who: str, what: Limited, count: int = 1) -> None:
        """Forget what a visitor did last: it came to nothing, and not by their fault."""
        with self._lock:
            times = self._times.get((who, what), deque())
            for _ in range(min(count, len(times))):
                times.pop()

    def _sweep(self, now: float) -> None:
        """Once an hour, forget who has not come back."""
        if now - self._swept > HOUR_S:
            self._times = {key: times for key, times in self._times.items() if _recent(times, now)}
            self._swept = now


def _recent(times: deque[float], now: float) -> deque[float]:
    while times and times[0] <= now - HOUR_S:
        times.popleft()
    return times


def _too_many(what: Limited, most: int, wait_s: float) -> TooMany:
    minutes = math.ceil(wait_s / 60)
    when = "a minute" if minutes == 1 else f"{minutes} minutes"
    return TooMany(
        f"One visitor may send at most {most:,} {what} in an hour, and you have. Try again in {when}.",
        retry_after_s=math.ceil(wait_s),
    )
