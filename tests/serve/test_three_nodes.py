"""The cluster's configuration on a local cluster of three nodes, in a process that owns its Ray."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(900)
def test_three_nodes_place_wake_move_and_change_without_a_loss() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.serve.three_nodes"],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout
    found = json.loads(done.stdout.splitlines()[-1])
    assert found == {"placed": True, "woken": True, "moved": True, "changed": True}
