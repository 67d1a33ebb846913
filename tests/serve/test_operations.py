"""What the running service tells its operators."""

import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

from serve_app.telemetry import METRICS_TYPE
from tests.serve.conftest import Running, wait_for

pytestmark = pytest.mark.timeout(300)


def metrics(running: Running) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    answer = running.http.get("/metrics")
    assert answer.headers["content-type"] == METRICS_TYPE
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_metrics_count_every_end_once(running: Running) -> None:
    def ended(outcome: str) -> float:
        labels = frozenset({"tier": "test", "outcome": outcome, "code": ""}.items())
        return metrics(running).get(("prosopon_videos_total", labels), 0.0)

    succeeded, cancelled = ended("succeeded"), ended("cancelled")
    running.make(text="Hello.")
    job = running.begin(text="All work and no play. " * 40)
    running.http.delete(f"/v1/videos/{job}")
    assert ended("succeeded") == succeeded + 1
    assert ended("cancelled") == cancelled + 1


def test_metrics_tell_which_tiers_are_up(running: Running) -> None:
    found = metrics(running)
    up = {
        dict(labels)["tier"]: v for (name, labels), v in found.items() if name == "prosopon_tier_up"
    }
    assert up == {"test": 1, "lightweight": 1, "premium": 0, "luxury": 0}


def test_lines_of_a_job_bear_its_id_and_that_of_the_request(running: Running) -> None:
    posted = running.http.post(
        "/v1/videos",
        json={"text": "Hello.", "tier": "test", "size": 128},
        headers={"X-Request-ID": "operator-42"},
    )
    assert posted.headers["x-request-id"] == "operator-42"
    job = posted.json()["id"]
    running.finish(job)

    def told() -> bool:
        logs = running.service.logs.glob("replica_test_Director_*.log")
        lines = [line for log in logs for line in log.read_text().splitlines()]
        return any(re.search(rf"request_id=operator-42 job_id={job} ", line) for line in lines)

    wait_for("the Director's line", told)
