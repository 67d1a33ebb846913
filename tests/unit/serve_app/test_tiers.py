import pytest
from ray.serve._private.common import DeploymentStatus, DeploymentStatusTrigger, ReplicaState
from ray.serve.schema import (
    ApplicationStatus,
    ApplicationStatusOverview,
    DeploymentStatusOverview,
)

from serve_app.tiers import tier_state

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
