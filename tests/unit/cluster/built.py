"""The manifests as Kubernetes would get them: each overlay, built by kubectl's own kustomize."""

import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from cluster.render import HERE, OVERLAYS
from serve_app.config import config_names

NAMES = tuple(overlay.name for overlay in OVERLAYS if overlay.config in config_names())
"""Of the overlays that can be built."""
Manifest = dict[str, Any]


def tool(name: str) -> str:
    """Path of a program that the extra `infra` brings."""
    path = Path(sys.executable).with_name(name)
    if not path.exists():
        pytest.skip(f"{name} is not installed; run: make test")
    return str(path)


def ran(*command: str, cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr or done.stdout
    return done.stdout


@cache
def manifests(overlay: str) -> tuple[Manifest, ...]:
    text = ran(tool("kubectl"), "kustomize", str(HERE / "overlays" / overlay))
    return tuple(yaml.safe_load_all(text))


def of_kind(overlay: str, kind: str) -> dict[str, Manifest]:
    """By name."""
    return {m["metadata"]["name"]: m for m in manifests(overlay) if m["kind"] == kind}


def ray(overlay: str) -> Manifest:
    spec: Manifest = of_kind(overlay, "RayService")["prosopon"]["spec"]
    return spec


def serve_config(overlay: str) -> Manifest:
    config: Manifest = yaml.safe_load(ray(overlay)["serveConfigV2"])
    return config


def pods(overlay: str) -> dict[str, Manifest]:
    """Every pod template, by whose it is: its spec below `spec`, its labels below `metadata`."""
    found = {
        m["metadata"]["name"]: m["spec"]["template"]
        for m in manifests(overlay)
        if m["kind"] in ("Deployment", "StatefulSet")
    }
    cluster = ray(overlay)["rayClusterConfig"]
    found["head"] = cluster["headGroupSpec"]["template"]
    for group in cluster["workerGroupSpecs"]:
        found[group["groupName"]] = group["template"]
    return found


def containers(overlay: str) -> Iterator[tuple[str, Manifest]]:
    """Every container with a name that is its own: "POD/CONTAINER"."""
    for name, pod in pods(overlay).items():
        for container in (*pod["spec"].get("initContainers", ()), *pod["spec"]["containers"]):
            yield f"{name}/{container['name']}", container
