"""What the running service tells its operators."""

import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

from backends.faces.presets import preset
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


def test_files_that_ray_writes_hold_ids_only(running: Running) -> None:
    """Serve's own lines too: no script, no name of a file, no token of a link."""
    files = {"portrait": ("anna-smith.png", preset("astronaut").path.read_bytes())}
    fields = {"text": "Xylophones serenade Zanzibar.", "tier": "test", "size": "128"}
    posted = running.http.post("/v1/videos", data=fields, files=files)
    job = posted.json()["id"]
    assert running.finish(job)["status"] == "succeeded"
    prefix = running.http.post(f"/v1/videos/{job}/share").json()["prefix"]
    assert running.http.get(f"{prefix}/v1/videos/{job}/content").is_success
    assert running.http.get(f"{prefix[:-8]}AAAAAAAA/v1/videos/{job}").status_code == 404
    logs = running.service.logs.parent
    written = {f: f.read_bytes() for f in logs.rglob("*") if f.is_file() and not f.is_symlink()}
    assert any(job.encode() in content for content in written.values())
    for secret in (b"Xylophones", b"Zanzibar", b"anna-smith", prefix[3:40].encode()):
        assert not [str(f) for f, content in written.items() if secret in content]


@pytest.mark.parametrize(
    "name", ["X-Request-ID", "X-Session-ID", "Serve-Multiplexed-Model-ID", "Authorization"]
)
def test_a_header_that_is_no_text_makes_the_proxy_not_fail(running: Running, name: str) -> None:
    answer = running.http.get("/health", headers={name: b"Bearer \xff\xfe"})
    assert answer.status_code == 200, answer.text
