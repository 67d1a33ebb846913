"""What stands in configs/*.yaml is what Ray Serve and the builders know, to the last key."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from ray.serve._private.build_app import build_app

from backends.errors import InputError, UnknownTierError
from serve_app.app import BUILDERS
from serve_app.config import (
    check_serve_config,
    config_names,
    read_serve_config,
    read_tier,
)
from serve_app.service import check_door

Change = Callable[[dict[str, Any]], None]


@pytest.fixture
def config() -> dict[str, Any]:
    return deepcopy(read_serve_config("lightweight"))


def gateway(config: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(a for a in config["applications"] if a["name"] == "gateway")
    return found


def tier(config: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(a for a in config["applications"] if a["name"] != "gateway")
    return found


def deployment(config: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(d for d in tier(config)["deployments"] if d["name"] == name)
    return found


def test_lightweight_is_shipped() -> None:
    assert "lightweight" in config_names()


@pytest.mark.parametrize("name", config_names())
def test_every_shipped_configuration_is_right(name: str) -> None:
    check_serve_config(read_serve_config(name))


@pytest.mark.parametrize("name", config_names())
def test_every_deployment_of_a_shipped_configuration_is_sized(name: str) -> None:
    """Ray reserves a whole core for a replica that says nothing, and then the others may find no place."""
    for application in read_serve_config(name)["applications"]:
        sized = {
            d["name"] for d in application["deployments"] if "num_cpus" in d["ray_actor_options"]
        }
        assert sized == set(BUILDERS[application["import_path"]][1])


def test_lightweight_asks_for_no_gpu_and_listens_on_this_machine_only(
    config: dict[str, Any],
) -> None:
    assert config["http_options"]["host"] == "127.0.0.1"
    for application in config["applications"]:
        for one in application["deployments"]:
            assert "num_gpus" not in one["ray_actor_options"]


@pytest.mark.parametrize("path", BUILDERS)
def test_table_of_deployments_is_what_is_built(path: str, config: dict[str, Any]) -> None:
    builder, names = BUILDERS[path]
    args = next(a for a in config["applications"] if a["import_path"] == path)["args"]
    built = build_app(builder(args), name="x", default_runtime_env={})
    assert {d.name for d in built.deployments} == set(names)


BROKEN: dict[str, tuple[Change, str]] = {
    "key of the file": (lambda c: c.update(http_option={}), "http_options"),
    "key of http_options": (lambda c: c["http_options"].update(hots="::"), "host"),
    "key of logging_config": (lambda c: c["logging_config"].update(level="INFO"), "level"),
    "key of an application": (lambda c: gateway(c).update(route="/"), "route"),
    "key of a deployment": (lambda c: deployment(c, "Speech").update(replicas=2), "replicas"),
    "key of actor options": (
        lambda c: deployment(c, "Speech")["ray_actor_options"].update(num_gpu=1),
        "num_gpus",
    ),
    "key of autoscaling": (
        lambda c: deployment(c, "Speech").update(autoscaling_config={"min_replica": 1}),
        "min_replicas",
    ),
    "value of autoscaling": (
        lambda c: deployment(c, "Speech").update(autoscaling_config={"max_replicas": 0}),
        "max_replicas",
    ),
    "value of actor options": (
        lambda c: deployment(c, "Speech")["ray_actor_options"].update(num_cpus=-1),
        "num_cpus",
    ),
    "value of a deployment": (
        lambda c: deployment(c, "Speech").update(max_ongoing_requests=0),
        "max_ongoing_requests",
    ),
    "deployment": (lambda c: deployment(c, "Speech").update(name="Voice"), "Voice"),
    "deployment of another application": (
        lambda c: gateway(c)["deployments"].append({"name": "Speech"}),
        "Speech",
    ),
    "builder": (lambda c: tier(c).update(import_path="serve_app.app:build"), "build_tier"),
    "no builder": (lambda c: tier(c).pop("import_path"), "import_path"),
    "argument": (lambda c: tier(c)["args"].update(engine="piper"), "engine"),
    "missing argument": (lambda c: tier(c)["args"].pop("speech"), "speech"),
    "value of an argument": (lambda c: tier(c)["args"].update(parallel_segments=0), "parallel"),
    "argument of the gateway": (lambda c: gateway(c)["args"].update(tier="x"), "tier"),
    "speech engine": (lambda c: tier(c)["args"].update(speech={"engine": "pipper"}), "pipper"),
    "animation engine": (lambda c: tier(c)["args"].update(animation={"engine": "rigg"}), "rigg"),
    "application named unlike its tier": (lambda c: tier(c).update(name="other"), "lightweight"),
    "two applications of one name": (
        lambda c: c["applications"].append(deepcopy(gateway(c))),
        "gateway",
    ),
    "no applications": (lambda c: c.update(applications=[]), "applications"),
    "application that is a text": (lambda c: c.update(applications=["gateway"]), "mapping"),
    "deployments that are a text": (lambda c: gateway(c).update(deployments="x"), "not a list"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_fault_is_found_and_named(fault: str, config: dict[str, Any]) -> None:
    change, word = BROKEN[fault]
    change(config)
    with pytest.raises(InputError, match=word):
        check_serve_config(config)


def test_reading_by_path(tmp_path: Path, config: dict[str, Any]) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(config))
    assert read_serve_config(path) == config


@pytest.mark.parametrize(
    "content", ["[", "a: [", "- 1", "", "\0", "[" * 3000, "a: 2026-13-45 25:61:61"]
)
def test_file_that_is_no_configuration(tmp_path: Path, content: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(content)
    with pytest.raises(InputError, match=r"mine\.yaml"):
        read_serve_config(path)


def test_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_bytes(b"applications: \xff")
    with pytest.raises(UnknownTierError, match="not YAML"):
        read_serve_config(path)


@pytest.mark.parametrize("deployments", [None, 3, "Gateway", {"name": "Gateway"}])
def test_deployments_that_are_no_list(config: dict[str, Any], deployments: object) -> None:
    gateway(config)["deployments"] = deployments
    with pytest.raises(InputError, match="deployments is not a list"):
        check_serve_config(config)


def test_unknown_names_tell_the_known() -> None:
    for read in (read_serve_config, read_tier):
        with pytest.raises(UnknownTierError, match="lightweight"):
            read("luxury")


def test_tier_by_name() -> None:
    assert read_tier("lightweight").tier == "lightweight"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.1.2.3", "example.org"])
def test_no_service_is_open_to_others(config: dict[str, Any], host: str) -> None:
    config["http_options"]["host"] = host
    with pytest.raises(InputError, match=r"auth: keys.*prosopon keys create"):
        check_door(config, host)
    gateway(config)["args"]["auth"] = "keys"
    check_door(config, host)


def test_service_on_this_machine_needs_no_keys(config: dict[str, Any]) -> None:
    assert "auth" not in gateway(config)["args"]
    for host in ("127.0.0.1", "localhost", "::1"):
        check_door(config, host)
