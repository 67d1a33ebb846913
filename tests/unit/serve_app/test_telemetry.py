"""What is counted, and that a scrape tells it as it was."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from serve_app import telemetry
from serve_app.jobs import MAX_ATTEMPTS, Lease, new_job_id
from serve_app.problems import problem
from serve_app.schemas import ClipFacts, Engines, VideoRequest
from serve_app.sql_jobs import SqlJobs
from serve_app.telemetry import METRICS, Measures, Metric, carried, carrying, exposition

DASHBOARD = Path(__file__).parents[3] / "cluster" / "grafana" / "prosopon.json"
OWNER = "somebody"

FACTS = ClipFacts(
    path="/v1/videos/x/content", duration_s=10.0, frames=250, fps=25, size=(128, 128), tier="test",
    engines=Engines(speech="tone", animation="sketch", encoder="libx264"), voice="v", language="en",
    seed=0, utterances=(), phonemes=(), warnings=(), timings={"speaking": 0.3, "drawing": 2.0},
    real_time_factor=0.25, first_segment_s=0.2,
)  # fmt: skip


def scraped(jobs: SqlJobs, **tiers: bool) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Every sample by its name and labels."""
    text = exposition(jobs.measures(), tiers or {"test": True}).decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def sample(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return name, frozenset(labels.items())


def begin(jobs: SqlJobs, request: VideoRequest) -> Lease:
    jobs.create(new_job_id(), request)
    lease = jobs.lease("test", OWNER, 60.0)
    assert lease is not None
    return lease


def test_every_end_is_counted_once(jobs: SqlJobs, request_: VideoRequest) -> None:
    for outcome in (FACTS, FACTS, problem(500, "out_of_breath", "")):
        lease = begin(jobs, request_)
        assert jobs.finish(lease, OWNER, outcome)
        assert not jobs.finish(lease, OWNER, outcome)
    cancelled = jobs.create(new_job_id(), request_).id
    jobs.cancel(cancelled)
    jobs.cancel(cancelled)
    found = scraped(jobs)
    ends = {k: v for k, v in found.items() if k[0] == "prosopon_videos_total"}
    assert ends == {
        sample("prosopon_videos_total", tier="test", outcome="succeeded", code=""): 2,
        sample("prosopon_videos_total", tier="test", outcome="failed", code="out_of_breath"): 1,
        sample("prosopon_videos_total", tier="test", outcome="cancelled", code=""): 1,
    }
    assert found[sample("prosopon_video_seconds_total", tier="test")] == 20
    assert found[sample("prosopon_stage_seconds_sum", tier="test", stage="drawing")] == 4
    assert found[sample("prosopon_stage_seconds_count", tier="test", stage="drawing")] == 2
    assert found[sample("prosopon_real_time_factor_bucket", tier="test", le="0.2")] == 0
    assert found[sample("prosopon_real_time_factor_bucket", tier="test", le="0.3")] == 2
    assert found[sample("prosopon_first_segment_seconds_count", tier="test")] == 2


def test_counts_outlive_jobs_and_the_process(tmp_path: Path, request_: VideoRequest) -> None:
    url = f"sqlite:///{tmp_path / 'jobs.sqlite'}"
    first = SqlJobs(url)
    lease = begin(first, request_)
    first.finish(lease, OWNER, FACTS)
    first.delete(lease.job)
    first.close()
    again = SqlJobs(url)
    try:
        counted = sample("prosopon_videos_total", tier="test", outcome="succeeded", code="")
        assert scraped(again)[counted] == 1
    finally:
        again.close()


def test_abandoned_job_counts_as_failed(jobs: SqlJobs, request_: VideoRequest) -> None:
    jobs.create(new_job_id(), request_)
    for _ in range(MAX_ATTEMPTS):
        assert jobs.lease("test", OWNER, -1.0)
    assert jobs.lease("test", OWNER, -1.0) is None
    failed = sample("prosopon_videos_total", tier="test", outcome="failed", code="abandoned")
    assert scraped(jobs)[failed] == 1


def test_what_is_under_way_is_told_for_every_tier(jobs: SqlJobs, request_: VideoRequest) -> None:
    begin(jobs, request_)
    for _ in range(3):
        jobs.create(new_job_id(), request_)
    found = scraped(jobs, test=True, idle=False)
    assert found[sample("prosopon_videos_running", tier="test")] == 1
    assert found[sample("prosopon_videos_queued", tier="test")] == 3
    assert found[sample("prosopon_oldest_queued_seconds", tier="test")] >= 0
    assert found[sample("prosopon_videos_queued", tier="idle")] == 0
    assert found[sample("prosopon_tier_up", tier="test")] == 1
    assert found[sample("prosopon_tier_up", tier="idle")] == 0


def test_webhook_tries_are_counted(jobs: SqlJobs, request_: VideoRequest) -> None:
    job = jobs.create(new_job_id(), request_, webhook="https://example.com/").id
    jobs.cancel(job)
    for taken, again_s in ((False, 0.0), (True, None)):
        message = jobs.due_message(60.0)
        assert message is not None
        jobs.message_done(message, taken, again_s)
    found = scraped(jobs)
    assert found[sample("prosopon_webhook_tries_total", result="failed")] == 1
    assert found[sample("prosopon_webhook_tries_total", result="taken")] == 1


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=20))
def test_histogram_holds_every_value(values: list[float]) -> None:
    metric = Metric(
        "prosopon_real_time_factor", "histogram", "", ("tier",), telemetry.REAL_TIME_FACTOR.buckets
    )
    summed: dict[tuple[str, tuple[str, ...], str], float] = {}
    for value in values:
        for name, labels, part, amount in telemetry.observe(metric, "t", value=value):
            summed[name, labels, part] = summed.get((name, labels, part), 0.0) + amount
    measures = Measures(tuple(telemetry.Tally(*key, amount) for key, amount in summed.items()))
    text = exposition(measures, {}).decode()
    (family,) = (
        f for f in text_string_to_metric_families(text) if f.name == "prosopon_real_time_factor"
    )
    buckets = {s.labels["le"]: s.value for s in family.samples if s.name.endswith("_bucket")}
    for bound, held in buckets.items():
        assert held == sum(value <= float(bound) for value in values)
    assert next(s.value for s in family.samples if s.name.endswith("_sum")) == pytest.approx(
        sum(values)
    )


def test_names_follow_prometheus() -> None:
    assert len({metric.name for metric in METRICS}) == len(METRICS)
    for metric in METRICS:
        assert re.fullmatch(r"prosopon_[a-z_]+", metric.name)
        assert metric.name.endswith("_total") == (metric.kind == "counter")
        assert list(metric.buckets) == sorted(metric.buckets)
        assert bool(metric.buckets) == (metric.kind == "histogram")
        assert metric.help


def queries(part: object) -> Iterator[str]:
    """Every PromQL expression of a dashboard."""
    if isinstance(part, dict):
        for key, value in part.items():
            if key in ("expr", "query") and isinstance(value, str):
                yield value
            else:
                yield from queries(value)
    elif isinstance(part, list):
        for value in part:
            yield from queries(value)


def test_dashboard_uses_every_metric_and_no_other() -> None:
    text = " ".join(queries(json.loads(DASHBOARD.read_text("utf-8"))))
    used = {
        re.sub(r"_(bucket|sum|count)$", "", name) for name in re.findall(r"prosopon_[a-z_]+", text)
    }
    assert used == {metric.name for metric in METRICS}
    labels = {label for metric in METRICS for label in metric.labels} | {"le"}
    for inside in re.findall(r"by \(([^)]*)\)", text):
        assert {label.strip() for label in inside.split(",")} <= labels


def test_context_is_carried_and_left_again() -> None:
    assert carried() == {}
    with carrying({"request_id": "r", "unknown": "x"}):
        with carrying({"job_id": "j"}):
            assert carried() == {"request_id": "r", "job_id": "j"}
        assert carried() == {"request_id": "r"}
    assert carried() == {}


def test_job_remembers_who_asked_for_it(jobs: SqlJobs, request_: VideoRequest) -> None:
    with carrying({"request_id": "r"}):
        jobs.create(new_job_id(), request_)
    lease = jobs.lease("test", OWNER, 60.0)
    assert lease is not None
    assert lease.carried == {"request_id": "r"}
