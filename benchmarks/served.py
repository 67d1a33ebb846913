"""The service on a local Ray cluster of several nodes, as a tree of processes that can be killed.

    python -m benchmarks.served HOME --nodes 2

Commands come on standard input, one JSON object a line, and each is answered with one on standard output:
{"deploy": CONFIGURATION} and {"add": "node"}. The first answer comes unasked, when the cluster is up. It ends with its
input.
"""

import argparse
import json
import logging
import sys
import time
from pathlib import Path
from typing import Any

from ray.serve.schema import ServeDeploySchema

from benchmarks.local_cluster import LocalCluster, local_cluster
from serve_app.config import check_serve_config

CPUS = 64
"""Of each node; Ray only counts them, so that one node has room for all replicas."""
_TRIES = 20


def environment(home: Path) -> dict[str, str]:
    """Where the service keeps everything."""
    return {
        "PROSOPON_STORAGE": str(home / "store"),
        "PROSOPON_JOBS": f"sqlite:///{home / 'jobs.sqlite'}",
    }


def deploy(config: dict[str, Any]) -> None:
    """As `serve deploy` does: comes back before it is carried out."""
    from ray.serve._private.api import serve_start

    check_serve_config(config)
    schema = ServeDeploySchema.model_validate(config)
    for left in reversed(range(_TRIES)):
        try:
            client = serve_start(
                http_options=schema.http_options.model_dump(), proxy_location=schema.proxy_location
            )
            client.deploy_apps(schema)
            return
        except Exception:  # the controller may have died, and is begun anew
            if not left:
                raise
            time.sleep(0.5)


def obey(cluster: LocalCluster, command: dict[str, Any]) -> dict[str, str]:
    match command:
        case {"deploy": config}:
            deploy(config)
        case {"add": "node"}:
            cluster.add_node()
        case _:
            return {"error": f"unknown command {command}"}
    return {"done": next(iter(command))}


def tell(**facts: str) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("home", type=Path)
    parser.add_argument("--nodes", type=int, default=1)
    options = parser.parse_args()
    with local_cluster(options.nodes, CPUS, environment(options.home)) as cluster:
        logging.getLogger("ray.serve").setLevel(logging.CRITICAL)
        tell(folder=str(cluster.folder))
        for line in sys.stdin:
            tell(**obey(cluster, json.loads(line)))


if __name__ == "__main__":
    main()
