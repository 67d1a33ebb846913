"""One Ray cluster for all: the shipped lightweight tier, and a quick one of tone and sketch."""

import os
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from serve_app.config import TierConfig, read_serve_config
from serve_app.service import LocalService

MAX_UPLOAD = 2 * 2**20
PATIENCE_S = 240.0
"""For anything that is waited for: only a failure takes so long."""


def wait_for(what: str, found: Callable[[], Any]) -> Any:
    """What `found` gives as soon as it is true."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        if value := found():
            return value
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.05)


@dataclass
class Running:
    """The service under test, and what a user does with it."""

    http: httpx.Client
    service: LocalService
    folder: Path
    tier: TierConfig

    def post(self, **fields: Any) -> httpx.Response:
        body = {"tier": "test", "size": 128, "quality": "draft"} | fields
        return self.http.post("/v1/videos", json=body)

    def begin(self, **fields: Any) -> str:
        posted = self.post(**fields)
        assert posted.status_code == 202, posted.text
        return str(posted.json()["id"])

    def job(self, job: str) -> dict[str, Any]:
        return dict(self.http.get(f"/v1/videos/{job}").json())

    def finish(self, job: str) -> dict[str, Any]:
        def ended() -> dict[str, Any] | None:
            found = self.job(job)
            return found if found["status"] not in ("queued", "running") else None

        return dict(wait_for(f"the end of {job}", ended))

    def make(self, **fields: Any) -> dict[str, Any]:
        job = self.finish(self.begin(**fields))
        assert job["status"] == "succeeded", job
        return job

    def stored(self) -> set[str]:
        root = self.folder / "store"
        # Unlike Path.rglob, os.walk bears a folder that is cleared meanwhile.
        return {
            str((Path(folder) / name).relative_to(root))
            for folder, _, names in os.walk(root)
            for name in names
        }

    def replicas(self, deployment: str) -> list[psutil.Process]:
        """Processes of a deployment, as "test:Animation"."""
        title = f"ray::ServeReplica:{deployment}"
        found = []
        for process in psutil.Process().children(recursive=True):
            try:
                if process.cmdline()[0].startswith(title):
                    found.append(process)
            except (psutil.Error, IndexError):  # it ended meanwhile
                continue
        return found


def few_replicas(config: dict[str, Any]) -> dict[str, Any]:
    """One of each deployment: each is a process that takes seconds to start."""
    for application in config["applications"]:
        for deployment in application["deployments"]:
            deployment.get("autoscaling_config", {}).pop("initial_replicas", None)
    return config


def with_test_tier(config: dict[str, Any]) -> dict[str, Any]:
    """The configuration with a quick tier beside its own, one without its weights, and one that is not there."""
    config = deepcopy(config)
    gateway, lightweight = config["applications"]
    few_replicas(config)
    gateway["args"] |= {
        "tiers": ["test", "lightweight", "premium", "luxury"],
        "max_upload_bytes": MAX_UPLOAD,
    }
    test = deepcopy(lightweight) | {"name": "test"}
    test["args"] |= {
        "tier": "test",
        "speech": {"engine": "tone"},
        "animation": {"engine": "sketch"},
    }
    premium = deepcopy(test) | {"name": "premium"}
    for deployment in test["deployments"]:
        if deployment["name"] == "Animation":
            deployment["autoscaling_config"]["initial_replicas"] = 2
    speech = {"engine": "piper", "options": {"voices_dir": "/nowhere"}}
    premium["args"] |= {"tier": "premium", "speech": speech}
    config["applications"] += [premium, test]
    return config


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("home")
    config = with_test_tier(read_serve_config("lightweight"))
    tier = TierConfig.model_validate(config["applications"][-1]["args"])
    with (
        LocalService(config, port=0, folder=folder, patience_s=PATIENCE_S) as service,
        httpx.Client(base_url=service.url, timeout=PATIENCE_S, trust_env=False) as http,
    ):
        wait_for("both tiers", lambda: len(http.get("/ready").json()["tiers"]) == 2)
        yield Running(http, service, folder, tier)
