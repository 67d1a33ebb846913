"""What the service tells of itself: the names of its metrics, and what every line and call carries along.

The metrics of videos and webhooks are tallies in the job store, added to in the very transaction that ends a job or
sends a message. Many processes do the work, any of them may die, and each gateway replica must answer a scrape with
the truth of all: counters in memory would be lost with a replica and count a job twice whose end did not reach the
store, and those of Ray are kept per process and node. So a number here is exact across replicas, retries and
restarts, and costs a few rows in a write that happens anyway. What belongs to processes (requests a second, replicas,
memory) Ray Serve exports itself.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

from serve_app.schemas import ClipFacts, Problem

if TYPE_CHECKING:
    from prometheus_client import Metric as PrometheusMetric

# What is carried along

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""Of the HTTP request that this work belongs to; empty where there is none."""
job_id: ContextVar[str] = ContextVar("job_id", default="")
"""Of the job that is worked on; empty outside of any."""
traceparent: ContextVar[str] = ContextVar("traceparent", default="")
"""The span that caused this work, as W3C Trace Context writes it; empty while nothing is traced."""

_CARRIED = {"request_id": request_id, "job_id": job_id, "traceparent": traceparent}


def carried() -> dict[str, str]:
    """What goes along with a call, or is kept with a job, so that the other side knows whose work it does."""
    return {name: value for name, var in _CARRIED.items() if (value := var.get())}


@contextmanager
def carrying(context: Mapping[str, str]) -> Iterator[None]:
    """While the block runs, its lines and calls bear what came along; unknown names are left alone."""
    tokens = [(var, var.set(context[name])) for name, var in _CARRIED.items() if name in context]
    try:
        yield
    finally:
        for var, token in reversed(tokens):
            var.reset(token)


# Names


@dataclass(frozen=True, slots=True)
class Metric:
    name: str
    kind: Literal["counter", "histogram", "gauge"]
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    """Upper bounds, ascending; above the last there is +Inf."""


_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)

VIDEOS = Metric(
    "prosopon_videos_total",
    "counter",
    "Videos that ended, by outcome (succeeded, failed, cancelled) and error code.",
    ("tier", "outcome", "code"),
)
VIDEO_SECONDS = Metric(
    "prosopon_video_seconds_total", "counter", "Seconds of finished video.", ("tier",)
)
WHOLE = Metric(
    "prosopon_video_duration_seconds",
    "histogram",
    "From a request's acceptance to the finished video.",
    ("tier",),
    _SECONDS,
)
FIRST_SEGMENT = Metric(
    "prosopon_first_segment_seconds",
    "histogram",
    "From a request's acceptance to its first playable segment.",
    ("tier",),
    _SECONDS,
)
STAGE = Metric(
    "prosopon_stage_seconds",
    "histogram",
    "Work of a stage on one video; what runs at once is summed.",
    ("tier", "stage"),
    _SECONDS,
)
REAL_TIME_FACTOR = Metric(
    "prosopon_real_time_factor",
    "histogram",
    "Seconds of work for a second of video, begin to end.",
    ("tier",),
    (0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 4.0, 8.0),
)
WEBHOOKS = Metric(
    "prosopon_webhook_tries_total",
    "counter",
    "Webhooks sent, by what became of the try (taken, failed, given_up).",
    ("result",),
)
QUEUED = Metric("prosopon_videos_queued", "gauge", "Videos that wait.", ("tier",))
RUNNING = Metric("prosopon_videos_running", "gauge", "Videos in work.", ("tier",))
OLDEST = Metric(
    "prosopon_oldest_queued_seconds", "gauge", "How long the first in line has waited.", ("tier",)
)
TIER_UP = Metric("prosopon_tier_up", "gauge", "Whether a tier can take work.", ("tier",))

METRICS = (
    VIDEOS,
    VIDEO_SECONDS,
    WHOLE,
    FIRST_SEGMENT,
    STAGE,
    REAL_TIME_FACTOR,
    WEBHOOKS,
    QUEUED,
    RUNNING,
    OLDEST,
    TIER_UP,
)
"""All of them."""

# Values


class Tally(NamedTuple):
    """So much is added to one number of a metric."""

    metric: str
    labels: tuple[str, ...]
    """Values of the metric's labels, in their order."""
    part: str
    """Of a histogram: the upper bound of the bucket that the value falls in, or "sum"; else empty."""
    value: float


@dataclass(frozen=True, slots=True)
class Waiting:
    """A tier's jobs that have not ended."""

    queued: int = 0
    running: int = 0
    oldest_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Measures:
    """What the job store knows: everything counted so far, and what is under way now."""

    tallies: tuple[Tally, ...] = ()
    waiting: Mapping[str, Waiting] = field(default_factory=dict)
    """By tier."""


def count(metric: Metric, *labels: str, value: float = 1.0) -> Tally:
    return Tally(metric.name, labels, "", value)


def observe(metric: Metric, *labels: str, value: float) -> tuple[Tally, Tally]:
    """One value of a histogram."""
    bound = next((str(bound) for bound in metric.buckets if value <= bound), "+Inf")
    return Tally(metric.name, labels, bound, 1.0), Tally(metric.name, labels, "sum", value)


def ended(tier: str, outcome: ClipFacts | Problem | None, whole_s: float) -> list[Tally]:
    """What a job's end adds.

    Args:
        outcome: None: it was cancelled.
        whole_s: seconds since it was accepted.
    """
    if outcome is None:
        return [count(VIDEOS, tier, "cancelled", "")]
    if isinstance(outcome, Problem):
        return [count(VIDEOS, tier, "failed", outcome.code)]
    tallies = [
        count(VIDEOS, tier, "succeeded", ""),
        count(VIDEO_SECONDS, tier, value=outcome.duration_s),
        *observe(WHOLE, tier, value=whole_s),
        *observe(REAL_TIME_FACTOR, tier, value=outcome.real_time_factor),
    ]
    for stage, seconds in outcome.timings.items():
        tallies += observe(STAGE, tier, stage, value=seconds)
    if outcome.first_segment_s is not None:
        worked_s = outcome.real_time_factor * outcome.duration_s
        waited_s = max(0.0, whole_s - worked_s)
        tallies += observe(FIRST_SEGMENT, tier, value=waited_s + outcome.first_segment_s)
    return tallies


def exposition(measures: Measures, tiers: Mapping[str, bool]) -> bytes:
    """The Prometheus text format, version 0.0.4.

    Args:
        tiers: whether each configured tier can take work.
    """
    from prometheus_client import CollectorRegistry, generate_latest

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(measures, tiers))
    return generate_latest(registry)


METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class _Collector:
    def __init__(self, measures: Measures, tiers: Mapping[str, bool]) -> None:
        self._tallies: dict[str, dict[tuple[str, ...], dict[str, float]]] = {}
        for name, labels, part, value in measures.tallies:
            self._tallies.setdefault(name, {}).setdefault(labels, {})[part] = value
        waiting = {tier: Waiting() for tier in tiers} | dict(measures.waiting)
        self._gauges = {
            QUEUED.name: {tier: float(w.queued) for tier, w in waiting.items()},
            RUNNING.name: {tier: float(w.running) for tier, w in waiting.items()},
            OLDEST.name: {tier: w.oldest_s for tier, w in waiting.items()},
            TIER_UP.name: {tier: float(up) for tier, up in tiers.items()},
        }

    def collect(self) -> Iterator["PrometheusMetric"]:
        from prometheus_client.core import (
            CounterMetricFamily,
            GaugeMetricFamily,
            HistogramMetricFamily,
        )

        for metric in METRICS:
            found = self._tallies.get(metric.name, {})
            if metric.kind == "gauge":
                gauge = GaugeMetricFamily(metric.name, metric.help, labels=metric.labels)
                for tier, value in self._gauges[metric.name].items():
                    gauge.add_metric([tier], value)
                yield gauge
            elif metric.kind == "counter":
                counter = CounterMetricFamily(metric.name, metric.help, labels=metric.labels)
                for labels, parts in found.items():
                    counter.add_metric(labels, parts[""])
                yield counter
            else:
                histogram = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
                for labels, parts in found.items():
                    histogram.add_metric(labels, _cumulated(metric, parts), parts["sum"])
                yield histogram


def _cumulated(metric: Metric, parts: Mapping[str, float]) -> list[tuple[str, float]]:
    total, buckets = 0.0, []
    for bound in (*map(str, metric.buckets), "+Inf"):
        total += parts.get(bound, 0.0)
        buckets.append((bound, total))
    return buckets
