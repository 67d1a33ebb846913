"""A cluster's own Serve configuration on three nodes of this machine: head, CPU worker, and one that pretends a GPU.

Rendered as for an overlay, the balanced tier with engines that take no time. Tells as JSON what came of each promise:
replicas land where their labels say, a stage at zero replicas wakes for work, what a lost worker did moves elsewhere,
and a rolling change of the configuration loses no job.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import Any

import httpx
import yaml
from ray.serve.context import _get_global_client

from benchmarks.chaos import free_port
from benchmarks.local_cluster import local_cluster
from benchmarks.served import deploy, environment
from cluster.render import Overlay, deployments, serve_config
from serve_app.config import read_serve_config

PATIENCE_S = 200.0
"""For anything that is waited for: only a failure takes so long."""
TEXT = "Hello [happy] everyone! [sad] Good night. [neutral] And so on, and so on."
GPU_STAGES = {"Speech", "Animation"}


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="prosopon-") as name:
        home, port = Path(name), free_port()
        config = quick(home, port)
        about = environment(home) | {"PROSOPON_HOME": name, "OMP_NUM_THREADS": "1"}
        with local_cluster(1, 1, about) as cluster:
            cluster.add_node(num_cpus=8, labels={"pool": "cpu"})
            first = cluster.add_node(num_cpus=8, num_gpus=1, labels={"pool": "gpu"})
            deploy(config)
            url = f"http://127.0.0.1:{port}"
            with httpx.Client(base_url=url, timeout=60, trust_env=False) as http:
                found = {"placed": placed(http), "woken": woken(http)}
                cluster.add_node(num_cpus=8, num_gpus=1, labels={"pool": "gpu"})
                found["moved"] = moved(http, lambda: cluster.lose_node(first))
                found["changed"] = changed(http, config)
    sys.stdout.write(json.dumps(found) + "\n")
    return 0 if all(found.values()) else 1


def quick(home: Path, port: int) -> dict[str, Any]:
    """The balanced tier as a cluster runs it, but for its engines; what draws goes to sleep at once."""
    source = read_serve_config("balanced")
    source["applications"][1]["args"] |= {
        "speech": {"engine": "tone"},
        "animation": {"engine": "sketch"},
    }
    for deployment in deployments(source):
        if deployment["name"] == "Animation":
            soon = {"downscale_delay_s": 1, "downscale_to_zero_delay_s": 1, "upscale_delay_s": 0}
            deployment["autoscaling_config"] |= {"min_replicas": 0, **soon}
    path = home / "balanced.yaml"
    path.write_text(yaml.safe_dump(source), encoding="utf-8")
    config = serve_config(Overlay("local", str(path), workers=1))
    # The head's proxy on this machine only, without certificates and keys.
    config["proxy_location"] = "HeadOnly"
    config["http_options"] = {"host": "127.0.0.1", "port": port}
    config["applications"][0]["args"]["auth"] = "open"
    return config


def placed(http: httpx.Client) -> bool:
    """What uses a GPU is where one is, the rest on the CPU worker, nothing on the head."""
    wait_for("the service", lambda: up(http))
    by_kind = {
        kind: {r["node_id"] for name, r in replicas() if (name in GPU_STAGES) is kind}
        for kind in (True, False)
    }
    return all(len(nodes) == 1 for nodes in by_kind.values()) and by_kind[True] != by_kind[False]


def woken(http: httpx.Client) -> bool:
    wait_for("no replica that draws", lambda: not drawing())
    return finished(http, [begin(http)])


def moved(http: httpx.Client, lose: Callable[[], None]) -> bool:
    jobs = [begin(http) for _ in range(4)]
    wait_for("a replica that draws", drawing)
    there = speaking("node_id")
    lose()
    done = finished(http, jobs)
    wait_for("a replica elsewhere", lambda: speaking("node_id") and not there & speaking("node_id"))
    return done


def changed(http: httpx.Client, config: dict[str, Any]) -> bool:
    """Half the share of a GPU: each replica is replaced while jobs are under way."""
    before, config = speaking("actor_id"), deepcopy(config)
    for deployment in deployments(config):
        if deployment["name"] in GPU_STAGES:
            deployment["ray_actor_options"]["num_gpus"] /= 2
    jobs = [begin(http) for _ in range(4)]
    deploy(config)
    done = finished(http, [*jobs, begin(http)])
    wait_for("new replicas", lambda: speaking("actor_id") and not before & speaking("actor_id"))
    return done


def replicas() -> Iterator[tuple[str, dict[str, Any]]]:
    """Those that run, each with its deployment."""
    for application in _get_global_client().get_serve_details()["applications"].values():
        for name, deployment in application["deployments"].items():
            for replica in deployment["replicas"]:
                if replica["state"] == "RUNNING":
                    yield name, replica


def drawing() -> bool:
    return any(name == "Animation" for name, _ in replicas())


def speaking(what: str) -> set[str]:
    return {replica[what] for name, replica in replicas() if name == "Speech"}


def up(http: httpx.Client) -> bool:
    with suppress(httpx.TransportError):
        return http.get("/ready").is_success
    return False


def begin(http: httpx.Client) -> str:
    answer = http.post("/v1/videos", json={"text": TEXT, "size": 128, "quality": "draft"})
    assert answer.is_success, answer.text
    return str(answer.json()["id"])


def finished(http: httpx.Client, jobs: list[str]) -> bool:
    def states() -> list[str]:
        return [http.get(f"/v1/videos/{job}").json()["status"] for job in jobs]

    wait_for("the jobs", lambda: not {"queued", "running"} & set(states()))
    return set(states()) == {"succeeded"}


def wait_for(what: str, found: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not found():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited in vain for {what}")
        time.sleep(0.25)


if __name__ == "__main__":
    sys.exit(main())
