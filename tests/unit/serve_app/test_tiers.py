from threading import Event
from types import SimpleNamespace

import pytest
from ray.serve._private.common import DeploymentStatus, DeploymentStatusTrigger, ReplicaState
from ray.serve.schema import (
    ApplicationStatus,
    ApplicationStatusOverview,
    DeploymentStatusOverview,
)

from serve_app import tiers
from serve_app.tiers import ServeTiers, tier_state

TRACEBACK = """Failed to update the deployments ['Speech'].
Traceback (most recent call last):
  File "x.py", line 1
backends.errors.WeightsMissingError: run: prosopon models pull xtts
"""


def application(
    status: ApplicationStatus, *replicas: dict[ReplicaState, int], message: str = ""
) -> ApplicationStatusOverview:
    deployments = {
        str(n): DeploymentStatusOverview(
            DeploymentStatus.UPDATING, DeploymentStatusTrigger.UNSPECIFIED, states, ""
        )
        for n, states in enumerate(replicas)
    }
    return ApplicationStatusOverview(status, message, 0.0, deployments)


UP, STARTING = {ReplicaState.RUNNING: 1}, {ReplicaState.STARTING: 1}


@pytest.mark.parametrize(
    "working",
    [
        application(ApplicationStatus.RUNNING, UP, UP),
        application(ApplicationStatus.RUNNING, UP, {}),
        application(ApplicationStatus.DEPLOYING, UP, UP | STARTING),
        application(ApplicationStatus.UNHEALTHY, UP, UP),
    ],
    ids=["running", "scaled to zero", "updated", "partly replaced"],
)
def test_tier_that_can_take_work(working: ApplicationStatusOverview) -> None:
    assert tier_state(working).available
    assert tier_state(working).reason == ""


@pytest.mark.parametrize(
    "broken",
    [
        application(ApplicationStatus.DEPLOYING),
        application(ApplicationStatus.DEPLOYING, UP, STARTING),
        application(ApplicationStatus.UNHEALTHY, UP, {}),
        application(ApplicationStatus.DEPLOY_FAILED, message=TRACEBACK),
    ],
    ids=["building", "starting", "lost a stage", "failed"],
)
def test_tier_that_cannot_says_why(broken: ApplicationStatusOverview) -> None:
    assert not tier_state(broken).available
    assert tier_state(broken).reason.startswith(broken.status.value)


def test_reason_of_a_failure_is_the_error_and_not_its_traceback() -> None:
    reason = tier_state(application(ApplicationStatus.DEPLOY_FAILED, message=TRACEBACK)).reason
    assert reason.endswith("WeightsMissingError: run: prosopon models pull xtts")
    assert "Traceback" not in reason


def test_tier_that_is_not_deployed() -> None:
    assert tier_state(None).reason


async def test_tiers_that_were_well_are_told_while_serve_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = application(ApplicationStatus.RUNNING, UP)
    answered = Event()
    answered.set()

    def status() -> SimpleNamespace:
        answered.wait(60)
        return SimpleNamespace(applications={"lightweight": found})

    monkeypatch.setattr(tiers.serve, "status", status)
    monkeypatch.setattr(tiers, "_FRESH_S", 0.0)
    known = ServeTiers(["lightweight"])
    assert (await known.states())["lightweight"].available
    found = application(ApplicationStatus.DEPLOY_FAILED, {}, message="broken")
    answered.clear()
    assert (await known.states())["lightweight"].available, "nobody waits for the answer"
    answered.set()
    assert known._meanwhile is not None
    await known._meanwhile
    assert not (await known.states())["lightweight"].available
    found = application(ApplicationStatus.RUNNING, UP)
    assert (await known.states())["lightweight"].available, "what was ill is asked for"
