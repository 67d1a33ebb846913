"""A Ray cluster of several nodes on this machine, for as long as a `with` block runs."""

import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psutil
import ray
from ray import serve

from serve_app.private_ray import end_processes, ray_environment, short_folder

_OBJECTS_BYTES = 100 * 2**20
_STOPPING_S = 10.0


@dataclass(frozen=True, slots=True)
class LocalCluster:
    folder: Path
    """Where it keeps sockets and logs."""
    add_node: Callable[..., object]
    """One more, as the others are but for what is named (`labels`, `num_gpus`, …); does not wait for it."""
    lose_node: Callable[[object], None]
    """Ends all processes of a node that was added, at once."""


@contextmanager
def local_cluster(nodes: int, cpus: int, environment: Mapping[str, str]) -> Iterator[LocalCluster]:
    """Joined by this process; at the end every process and file of it is gone.

    Args:
        cpus: of each node; Ray only counts them.
        environment: what the replicas' processes have besides this one's.
    """
    from ray.cluster_utils import Cluster

    folder = Path(tempfile.mkdtemp(prefix="prosopon-", dir=short_folder()))
    (folder / "ray").mkdir()  # where the cluster's address is noted
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    mine = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    cluster = None
    try:
        with ray_environment(folder):
            # Nodes of a cluster reach each other at the machine's own address, and have no tokens among themselves.
            os.environ.update(RAY_AUTH_MODE="disabled", RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER="1")
            args = {
                "num_cpus": cpus,
                "include_dashboard": False,
                "object_store_memory": _OBJECTS_BYTES,
            }
            cluster = Cluster(
                initialize_head=True,
                head_node_args={**args, "temp_dir": str(folder)},
            )
            add_node = partial(cluster.add_node, **args, wait=False)
            for _ in range(nodes - 1):
                add_node()
            cluster.wait_for_nodes()
            ray.init(
                address=cluster.address,
                log_to_driver=False,
                logging_level=logging.ERROR,
            )
        logging.getLogger("ray.serve").setLevel(logging.ERROR)
        lose_node = partial(cluster.remove_node, allow_graceful=False)
        yield LocalCluster(folder, add_node, lose_node)
    finally:
        ours = [c for c in psutil.Process().children(recursive=True) if c.pid not in before]
        if ray.is_initialized():  # else it would start a Ray to shut it down
            with suppress(Exception):
                serve.shutdown()  # type: ignore[no-untyped-call]
            ray.shutdown()
        if cluster is not None:
            with suppress(Exception):
                cluster.shutdown()  # type: ignore[no-untyped-call]
        end_processes(ours, _STOPPING_S)
        shutil.rmtree(folder, ignore_errors=True)
        for name, value in mine.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
