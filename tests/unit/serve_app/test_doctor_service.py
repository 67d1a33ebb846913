"""What the doctor finds about a service; each thing that can be amiss is, once."""

from pathlib import Path

import pytest

from serve_app.config import config_names
from serve_app.doctor_service import service


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("STORAGE", "JOBS", "WEBHOOK_SECRET"):
        monkeypatch.delenv(f"PROSOPON_{name}", raising=False)
    monkeypatch.setenv("PROSOPON_HOME", str(tmp_path))


def found(what: str) -> tuple[str, str]:
    (one,) = ((state, detail) for name, state, detail in service() if name == what)
    return one


def test_all_is_well_and_nothing_is_left_in_the_store(tmp_path: Path) -> None:
    states = {what: state for what, state, _ in service()}
    assert states["job store"] == states["file store"] == "ok"
    assert all(states[f"configuration: {name}"] == "ok" for name in config_names())
    assert states["webhooks"] == states["traces"] == "note"
    assert not [path for path in (tmp_path / "store").rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("variable", "value", "what", "word"),
    [
        ("PROSOPON_JOBS", "sqlite:////proc/none/jobs.sqlite", "job store", "job store"),
        ("PROSOPON_JOBS", "nonsense", "job store", "job store"),
        ("PROSOPON_STORAGE", "/proc/none", "file store", "store"),
        ("PROSOPON_WEBHOOK_SECRET", "secret", "webhooks", "PROSOPON_WEBHOOK_SECRET"),
    ],
)
def test_what_is_amiss_is_told(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, what: str, word: str
) -> None:
    monkeypatch.setenv(variable, value)
    state, detail = found(what)
    assert state == "broken"
    assert word in detail


def test_settings_that_work_are_ok(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROSOPON_WEBHOOK_SECRET", "whsec_" + "QUJD" * 10)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    assert found("webhooks")[0] == "ok"
    assert found("traces") == ("ok", "sent where OTEL_EXPORTER_OTLP_ENDPOINT says")


def test_password_of_the_job_store_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROSOPON_JOBS", "postgresql+psycopg://me:sesame@127.0.0.1:9/x")
    state, detail = found("job store")
    assert state == "broken"
    assert "sesame" not in detail
