"""What is rendered is what is committed; what is built fits the schemas of Kubernetes and of KubeRay."""

import copy
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml

from cluster.render import HERE, OVERLAYS, Overlay, demand, deployments, patch, rendered
from serve_app import serve_proxy
from serve_app.config import check_serve_config, config_names, read_serve_config
from tests.unit.cluster.built import (
    NAMES,
    Manifest,
    manifests,
    of_kind,
    pods,
    ray,
    serve_config,
)

CRD = Path(__file__).parents[4] / "shared" / "kuberay" / "ray.io_rayservices.yaml"
CUSTOM = {
    "Certificate", "CiliumNetworkPolicy", "Issuer", "PodMonitor", "RayService", "SecretProviderClass",
    "ServersTransport", "ServiceMonitor",
}  # fmt: skip
"""Kinds that Kubernetes itself does not know."""
KUBERNETES = "1.34"

each = pytest.mark.parametrize("overlay", NAMES)


def test_what_is_committed_is_what_is_rendered() -> None:
    wanted = rendered(HERE)
    folders = (HERE / "overlays", HERE / "compose" / "serve")
    there = {path for folder in folders for path in folder.rglob("*") if path.is_file()}
    assert there == set(wanted), "run: make manifests"
    for path, text in wanted.items():
        assert path.read_text("utf-8") == text, f"{path}; run: make manifests"


@pytest.mark.parametrize("file", ["base/identities.yaml", "compose/compose.yaml"])
def test_ray_serves_proxies_load_what_they_do_on_one_machine(file: str) -> None:
    named = f"RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH: {serve_proxy.IMPORT_PATH}"
    assert named in (HERE / file).read_text("utf-8")


def test_every_configuration_has_an_overlay() -> None:
    assert {overlay.config for overlay in OVERLAYS} >= set(config_names())


@each
def test_the_service_runs_what_its_configuration_says(overlay: str) -> None:
    """Engines, options and tiers are those of configs/; only bounds, places and listening differ."""
    source = read_serve_config(next(o.config for o in OVERLAYS if o.name == overlay))
    built = serve_config(overlay)
    check_serve_config(built)
    assert [a["name"] for a in built["applications"]] == [a["name"] for a in source["applications"]]
    for here, there in zip(built["applications"], source["applications"], strict=True):
        for changed in ("parallel_segments", "parallel_sentences", "auth"):
            here["args"].pop(changed, None), there["args"].pop(changed, None)
        assert here["args"] == there["args"]
        names = [[d["name"] for d in a["deployments"]] for a in (here, there)]
        assert names[0] == names[1]


@each
def test_every_replica_has_a_kind_of_node_and_the_nodes_have_room(overlay: str) -> None:
    config, cluster = serve_config(overlay), ray(overlay)["rayClusterConfig"]
    groups = {group["groupName"]: group for group in cluster["workerGroupSpecs"]}
    for deployment in deployments(config):
        options = deployment["ray_actor_options"]
        pool = options["label_selector"]["pool"]
        assert pool == ("gpu" if options.get("num_gpus") else "cpu")
        assert groups[pool]["labels"] == {"pool": pool}
        size = groups[pool]["template"]["spec"]["containers"][0]["resources"]["requests"]
        assert options.get("num_cpus", 1) <= int(size["cpu"])
    cpus, gpus = demand(config)
    size = groups["cpu"]["template"]["spec"]["containers"][0]["resources"]["requests"]
    assert int(size["cpu"]) * groups["cpu"]["maxReplicas"] >= cpus
    assert ("gpu" in groups) == (gpus > 0)
    if gpus:
        assert groups["gpu"]["maxReplicas"] >= gpus
    assert cluster["headGroupSpec"]["rayStartParams"]["num-cpus"] == "0", "no replica on the head"
    assert cluster["rayVersion"] == version("ray")


def test_a_demand_beyond_the_nodes_raises_their_number() -> None:
    small, large = (
        next(op["value"] for op in patch(o) if op["path"].endswith("0/maxReplicas"))
        for o in (Overlay("x", "lightweight"), Overlay("x", "lightweight", scale=16))
    )
    assert large > small >= 2


@each
def test_nothing_is_left_to_fill_in(overlay: str) -> None:
    text = yaml.safe_dump_all(manifests(overlay))
    assert not re.search(r"\bSITE\b|RENDERED", text)
    assert "ConfigMap/site" not in {
        f"{m['kind']}/{m['metadata']['name']}" for m in manifests(overlay)
    }


@each
def test_kubernetes_takes_it(overlay: str) -> None:
    validate = pytest.importorskip("kubernetes_validate").validate
    for manifest in manifests(overlay):
        if manifest["kind"] not in CUSTOM:
            validate(manifest, KUBERNETES, strict=True)
    for template in pods(overlay).values():
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "x"},
            "spec": template["spec"],
        }
        validate(pod, KUBERNETES, strict=True)


@each
def test_a_wrong_manifest_is_found(overlay: str) -> None:
    kubernetes_validate = pytest.importorskip("kubernetes_validate")
    wrong = copy.deepcopy(of_kind(overlay, "Deployment")["web"])
    wrong["spec"]["replicaz"] = 2
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, KUBERNETES, strict=True)


def strict(schema: Any) -> Any:
    """A CRD's schema as JSON Schema that knows no other fields."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: strict(value) for key, value in schema.items()}
    if made.get("x-kubernetes-int-or-string"):
        made.pop("type", None)
        made["anyOf"] = [{"type": "integer"}, {"type": "string"}]
    free = made.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in made
    if made.get("type") == "object" and "properties" in made and not free:
        made["additionalProperties"] = False
    return made


@pytest.fixture(scope="module")
def rayservice_schema() -> Manifest:
    if not CRD.exists():
        pytest.skip(f"the RayService CRD is not at {CRD}")
    crd = yaml.load(CRD.read_text("utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    (found,) = (
        v["schema"]["openAPIV3Schema"] for v in crd["spec"]["versions"] if v["name"] == "v1"
    )
    schema: Manifest = strict(found)
    schema["properties"]["metadata"] = {"type": "object"}
    return schema


@each
def test_kuberay_takes_it(overlay: str, rayservice_schema: Manifest) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(rayservice_schema)
    service = of_kind(overlay, "RayService")["prosopon"]
    assert [e.message for e in validator.iter_errors(service)] == []
    wrong = copy.deepcopy(service)
    wrong["spec"]["rayClusterConfig"]["workerGroupSpecs"][0]["maxReplicaz"] = 1
    assert list(validator.iter_errors(wrong))
