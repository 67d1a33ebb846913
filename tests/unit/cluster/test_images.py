"""Images and the compose file: linted, rendered by docker-compose itself, and as closed as the manifests."""

import json
import os
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from cluster.render import HERE, STAGES, compose_config, deployments
from serve_app.config import check_serve_config, config_names
from tests.unit.cluster.built import ran, tool

DOCKERFILE = HERE / "images" / "Dockerfile"
TEXT = DOCKERFILE.read_text("utf-8")
ROOT = HERE.parent
MADE_BY_HAND = ("POSTGRES_PASSWORD", "PROSOPON_SECRET", "RAY_AUTH_TOKEN")


def stages() -> dict[str, str]:
    """The lines of each build stage, by its name."""
    parts = re.split(r"^FROM \S+ AS (\S+)$", TEXT, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


FINAL = ("cpu", "gpu", "web")


def test_the_linter_finds_nothing() -> None:
    assert ran(tool("hadolint"), "--no-color", str(DOCKERFILE)) == ""


def test_bases_are_pinned_by_a_digest_that_the_builder_names() -> None:
    froms = re.findall(r"^FROM (\S+) AS", TEXT, flags=re.MULTILINE)
    outside = [image for image in froms if image not in stages()]
    assert outside and all(image.endswith("@${PYTHON_DIGEST}") for image in outside)
    assert re.search(r"^ARG PYTHON_DIGEST$", TEXT, flags=re.MULTILINE), "it has no default"


@pytest.mark.parametrize("target", FINAL)
def test_final_images_have_no_compiler_no_root_and_a_health_check(target: str) -> None:
    assert re.search(rf"^FROM run AS {target}$", TEXT, flags=re.MULTILINE)
    assert stages()["run"].rstrip().endswith("USER 10001:10001\nWORKDIR /home/prosopon")
    final = stages()[target]
    assert "USER" not in final and "RUN" not in final and "HEALTHCHECK" in final
    assert re.search(rf"COPY --from=build-{target} ", final)


def test_packages_come_from_the_lock_and_are_declared_extras() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    installs = re.findall(r"uv pip install .*'\.\[([\w,]+)\]'", TEXT)
    assert len(installs) == 3
    for names in installs:
        assert set(names.split(",")) <= set(extras["optional-dependencies"])
    apart = re.findall(r"--no-deps -r (\S+/requirements\.lock)", TEXT)
    assert TEXT.count("uv pip install") == TEXT.count("-c requirements.lock") + len(apart)
    assert all((ROOT / lock).is_file() for lock in apart)


def test_what_is_copied_exists_and_passes_the_ignore_file() -> None:
    let_in = set(re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text("utf-8"), re.MULTILINE))
    copied = {
        source
        for line in re.findall(r"^COPY (?!--from)(.*) \S+$", TEXT, flags=re.MULTILINE)
        for source in line.split()
    }
    assert copied == let_in
    assert all((ROOT / source).exists() for source in copied)


def test_no_weights_and_no_secrets_are_inside() -> None:
    assert "models pull" not in TEXT
    assert not re.search(r"(ENV|ARG) \w*(KEY|SECRET|PASSWORD|TOKEN)", TEXT)


# Compose


@cache
def composed(*profiles: str) -> dict[str, Any]:
    chosen = [argument for profile in profiles for argument in ("--profile", profile)]
    env = {"PATH": os.defpath, **dict.fromkeys(MADE_BY_HAND, "made-by-hand")}
    folder = HERE / "compose"
    done = ran(tool("docker-compose"), *chosen, "config", "--format", "json", cwd=folder, env=env)
    found: dict[str, Any] = json.loads(done)
    return found


both = pytest.mark.parametrize("profile", ["cpu", "gpu"])


@both
def test_compose_has_a_container_for_each_kind_of_work(profile: str) -> None:
    services = set(composed(profile)["services"])
    suffix = "-gpu" if profile == "gpu" else ""
    drawing = {f"speech{suffix}", f"animation{suffix}"}
    assert services == drawing | {"composition", "deploy", "gateway", "postgres", "weights", "web"}


@both
def test_compose_containers_are_hardened(profile: str) -> None:
    for name, service in composed(profile)["services"].items():
        assert service["read_only"] is True, name
        assert (
            service["cap_drop"] == ["ALL"] and "no-new-privileges:true" in service["security_opt"]
        ), name
        assert "privileged" not in service, name


@both
def test_compose_listens_on_this_machine_only(profile: str) -> None:
    composition = composed(profile)
    assert composition["networks"]["inside"]["internal"] is True
    for name, service in composition["services"].items():
        assert all(port["host_ip"] == "127.0.0.1" for port in service.get("ports", ())), name
        if name not in ("gateway", "web"):
            assert set(service["networks"]) == {"inside"}, name


def test_gpus_go_to_those_who_speak_and_draw() -> None:
    for name, service in composed("gpu")["services"].items():
        devices = (
            service.get("deploy", {}).get("resources", {}).get("reservations", {}).get("devices")
        )
        assert bool(devices) == name.endswith("-gpu"), name


def test_compose_does_not_start_without_its_secrets() -> None:
    text = (HERE / "compose" / "compose.yaml").read_text("utf-8")
    example = (HERE / "compose" / ".env.example").read_text("utf-8")
    for name in MADE_BY_HAND:
        assert f"${{{name}:?" in text and f"${{{name}:-" not in text
        assert re.search(rf"^{name}=$", example, flags=re.MULTILINE)


@pytest.mark.parametrize("name", config_names())
def test_serve_places_each_stage_where_a_node_has_its_label(name: str) -> None:
    config = compose_config(name)
    check_serve_config(config)
    labels = {
        argument.removeprefix("stage=")
        for service in composed("cpu", "gpu")["services"].values()
        for argument in (service.get("command") or ())
        if argument.startswith("stage=")
    }
    assert labels == {"gateway", *STAGES.values()}
    for deployment in deployments(config):
        assert deployment["ray_actor_options"]["label_selector"]["stage"] in labels


@both
def test_volumes_are_shared_by_all_nodes_and_are_kept(profile: str) -> None:
    composition = composed(profile)
    assert set(composition["volumes"]) == {"database", "models", "state"}
    for name, service in composition["services"].items():
        if "ray" in (service.get("command") or ()):
            mounted = {v["source"]: v["target"] for v in service["volumes"]}
            assert mounted == {"state": "/data", "models": "/data/home/weights"}, name


def test_committed_yaml_is_yaml() -> None:
    for path in HERE.rglob("*.yaml"):
        assert list(yaml.safe_load_all(Path(path).read_text("utf-8"))), path
