"""How much each tenant may ask for."""

import math
import time
from collections.abc import Callable

from serve_app.config import Limits
from serve_app.jobs import Jobs
from serve_app.problems import LimitError

_DAY_S = 86_400
_MOST_KNOWN = 10_000


def _told(message: str, retry_after_s: float) -> LimitError:
    error = LimitError(message)
    error.retry_after_s = max(1, math.ceil(retry_after_s))
    return error


def check_limits(limits: Limits, jobs: Jobs, tenant: str) -> None:
    """Raises LimitError where the tenant may ask for no video now. Blocks."""
    if limits.queued is not None and jobs.count_queued(tenant) >= limits.queued:
        raise LimitError(f"{limits.queued} of your videos are waiting already; try again later")
    day = limits.video_s_per_day
    if day is not None and jobs.used_today(tenant) >= day:
        left_s = _DAY_S - time.time() % _DAY_S
        raise _told(
            f"the {day:g} seconds of video of this day are made; more from 0:00 UTC", left_s
        )


def check_sessions(limits: Limits, under_way: int) -> None:
    """Raises LimitError where a tenant with so many live sessions may begin no other."""
    if limits.live is not None and under_way >= limits.live:
        raise LimitError(f"{limits.live} of your live sessions are under way already; end one")


class Rate:
    """So many a minute for each tenant, all at once if need be; belongs to one event loop."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._clock = per_minute, clock
        self._left: dict[str, tuple[float, float]] = {}
        """By tenant: how many were left, and when."""

    def take(self, tenant: str) -> None:
        """Raises LimitError where none is left."""
        now = self._clock()
        left, then = self._left.get(tenant, (float(self._most), now))
        left = min(self._most, left + (now - then) * self._most / 60)
        if left < 1:
            wait_s = (1 - left) * 60 / self._most
            raise _told(f"more than {self._most} changes in a minute; try again later", wait_s)
        if len(self._left) >= _MOST_KNOWN:
            self._forget(now)
        self._left[tenant] = left - 1, now

    def _forget(self, now: float) -> None:
        """Those who have all left again, after a minute without asking."""
        self._left = {who: kept for who, kept in self._left.items() if now - kept[1] < 60}
