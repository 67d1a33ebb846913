"""Another opinion on the manifests; the tool pins a lot, so that it lives in an environment of its own."""

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from cluster.render import HERE
from tests.unit.cluster.built import NAMES, manifests

CHECKOV = HERE.parent / ".venv-checkov" / "bin" / "checkov"
EXCEPTIONS = {
    "CKV_K8S_35": "Redis and the sign-in read their secrets from the environment alone",
}
"""Checks that may fail, each with its reason."""


@pytest.mark.skipif(not CHECKOV.exists(), reason="checkov is not installed; run: make checkov")
def test_checkov_finds_nothing_but_the_exceptions(tmp_path: Path) -> None:
    for overlay in NAMES:
        (tmp_path / f"{overlay}.yaml").write_text(yaml.safe_dump_all(manifests(overlay)), "utf-8")
    command = [
        str(CHECKOV),
        "-d",
        str(tmp_path),
        "--framework",
        "kubernetes",
        "--skip-download",
        "-o",
        "json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    results = json.loads(done.stdout)
    assert results["summary"]["passed"] > 100
    failed = {
        (check["check_id"], check["resource"]) for check in results["results"]["failed_checks"]
    }
    assert {name for name, _ in failed} <= set(EXCEPTIONS), sorted(failed)
