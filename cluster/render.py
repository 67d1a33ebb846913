"""Overlays from `configs/`: what Serve runs on a cluster is what it runs on a laptop, with the cluster's bounds.

    python -m cluster.render

Writes two files for each line of `OVERLAYS`: the overlay's kustomization, and a JSON patch (RFC 6902) that gives the
RayService of `base/` its serveConfigV2 and the bounds of its worker groups; and for compose/ each configuration as it
runs on one machine's containers.
"""

import math
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from serve_app.config import config_names, read_serve_config

HERE = Path(__file__).parent
HEADER = "# Rendered from configs/{config}.yaml by `make manifests`; changes belong there or in cluster/render.py.\n"
CPU_GROUP, GPU_GROUP = 0, 1
"""Places of the worker groups in base/rayservice.yaml."""
_GROUPS = "/spec/rayClusterConfig/workerGroupSpecs"
_TLS = {"ssl_certfile": "/tls/tls.crt", "ssl_keyfile": "/tls/tls.key"}

Deployment = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Overlay:
    """One way to run on Kubernetes."""

    name: str
    config: str
    """Of `configs/`."""
    scale: int = 1
    """How many times the configuration's own bounds on replicas; they are those of one machine."""
    cpus: int = 7
    """Of one CPU worker: a node of eight, less what the system takes."""
    memory_gib: int = 24
    workers: int = 2
    """CPU workers that are always there: two, so that losing one stops nothing."""
    most_workers: int = 64


OVERLAYS = (
    Overlay("single-node", "lightweight", cpus=4, memory_gib=12, workers=1, most_workers=1),
    Overlay("lightweight", "lightweight", scale=8),
    Overlay("balanced", "balanced", scale=4),
    Overlay("premium", "premium", scale=4),
    Overlay("all", "all"),
)


STAGES = {"Speech": "speech", "Animation": "animation", "Composition": "composition"}
"""Deployments with a container of their own in compose/; the others run in the gateway's."""


def main() -> None:
    for path, text in rendered(HERE).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def rendered(folder: Path) -> dict[Path, str]:
    """Every file and what belongs into it, for the overlays whose configuration is shipped."""
    files: dict[Path, str] = {}
    for overlay in OVERLAYS:
        if overlay.config in config_names():
            header, place = HEADER.format(config=overlay.config), folder / "overlays" / overlay.name
            files[place / "kustomization.yaml"] = header + _dump(kustomization())
            files[place / "rayservice.yaml"] = header + _dump(patch(overlay))
    for name in config_names():
        header, path = HEADER.format(config=name), folder / "compose" / "serve" / f"{name}.yaml"
        files[path] = header + _dump(compose_config(name))
    return files


def kustomization() -> dict[str, Any]:
    return {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": ["../../base"],
        "patches": [
            {"path": "rayservice.yaml", "target": {"kind": "RayService", "name": "prosopon"}}
        ],
    }


def patch(overlay: Overlay) -> list[dict[str, Any]]:
    """JSON patch operations on base/rayservice.yaml."""
    config = serve_config(overlay)
    cpus, gpus = demand(config)
    workers = min(math.ceil(cpus / overlay.cpus), overlay.most_workers)
    if gpus and overlay.most_workers == 1:
        raise ValueError(f"{overlay.name}: one worker has no GPU")
    size = {"cpu": str(overlay.cpus), "memory": f"{overlay.memory_gib}Gi"}
    group = f"{_GROUPS}/{CPU_GROUP}"
    resources = f"{group}/template/spec/containers/0/resources"
    operations = [
        _replace("/spec/serveConfigV2", _Block(_dump(config))),
        _replace("/spec/rayClusterConfig/rayVersion", version("ray")),
        _replace(f"{group}/minReplicas", overlay.workers),
        _replace(f"{group}/maxReplicas", max(workers, overlay.workers)),
        *(
            _replace(f"{resources}/{bound}/{what}", amount)
            for bound in ("requests", "limits")
            for what, amount in size.items()
        ),
    ]
    if gpus:
        operations.append(_replace(f"{_GROUPS}/{GPU_GROUP}/maxReplicas", math.ceil(gpus)))
    else:
        operations.append({"op": "remove", "path": f"{_GROUPS}/{GPU_GROUP}"})
    return operations


def serve_config(overlay: Overlay) -> dict[str, Any]:
    """The shipped configuration as Serve runs it in the cluster: every node listens with TLS, logs are JSON, who asks
    shows a key, and each deployment has its kind of node."""
    config = _shared(overlay.config)
    config["proxy_location"] = "EveryNode"
    config["http_options"] |= _TLS
    for deployment in deployments(config):
        options = deployment.setdefault("ray_actor_options", {})
        options["label_selector"] = {"pool": "gpu" if options.get("num_gpus") else "cpu"}
        _widen(deployment, overlay)
    for application in config["applications"]:
        for bound in ("parallel_segments", "parallel_sentences"):
            if bound in application["args"]:
                application["args"][bound] *= overlay.scale
    return config


def compose_config(name: str) -> dict[str, Any]:
    """The shipped configuration with each stage in its container."""
    config = _shared(name)
    config["proxy_location"] = "HeadOnly"
    for deployment in deployments(config):
        options = deployment.setdefault("ray_actor_options", {})
        options["label_selector"] = {"stage": STAGES.get(deployment["name"], "gateway")}
    return config


def _shared(name: str) -> dict[str, Any]:
    """What is alike wherever others than this machine may ask."""
    config = deepcopy(read_serve_config(name))
    config["http_options"] = {**config["http_options"], "host": "0.0.0.0", "port": 8000}
    config["logging_config"] = {**config["logging_config"], "encoding": "JSON"}
    for application in config["applications"]:
        if application["import_path"] == "serve_app.app:build_gateway":
            application["args"]["auth"] = "keys"
    return config


def _widen(deployment: Deployment, overlay: Overlay) -> None:
    """More replicas where there is more room; what has a fixed number gets a second, on another node."""
    scaling = deployment.get("autoscaling_config")
    if scaling:
        scaling["max_replicas"] *= overlay.scale
    elif overlay.workers > 1:
        deployment["num_replicas"] = max(2, deployment.get("num_replicas", 1))
    if deployment["name"] == "Gateway":
        deployment["max_replicas_per_node"] = 1


def demand(config: Mapping[str, Any]) -> tuple[float, float]:
    """CPUs of all replicas that need no GPU, and GPUs of all that do, where every deployment is at its upper bound."""
    cpus = gpus = 0.0
    for deployment in deployments(config):
        options = deployment["ray_actor_options"]
        scaling = deployment.get("autoscaling_config", {})
        replicas = scaling.get("max_replicas", deployment.get("num_replicas", 1))
        if needed := options.get("num_gpus", 0):
            gpus += replicas * needed
        else:
            cpus += replicas * options.get("num_cpus", 1)
    return cpus, gpus


def deployments(config: Mapping[str, Any]) -> Iterator[Deployment]:
    for application in config["applications"]:
        yield from application["deployments"]


def _replace(path: str, value: object) -> dict[str, object]:
    return {"op": "replace", "path": path, "value": value}


class _Block(str):
    """Text that YAML writes as a block of lines."""


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:
        return True


_Dumper.add_representer(
    _Block,
    lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style="|"),
)


def _dump(data: object) -> str:
    dumped: str = yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    return dumped


if __name__ == "__main__":
    main()
