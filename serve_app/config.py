"""What a tier is made of, and where things live on this machine."""

import difflib
import os
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from backends.errors import InputError, LicenceError, UnknownTierError
from backends.speech.engine import Licence
from backends.weights import home as home


class StrictModel(BaseModel):
    """Unknown fields are errors; the docstring under a field is its description in flags and in OpenAPI."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class EngineConfig(StrictModel):
    engine: str
    """Name in the engine table of its stage."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Checked by the engine's own options class."""
    commercial_use: bool = False
    """As the tier's."""


class TierConfig(StrictModel):
    """Arguments of `serve_app.app:build_tier`, as they stand in a Serve config file."""

    tier: str
    title: str = ""
    speech: EngineConfig
    animation: EngineConfig
    parallel_segments: int = Field(default=4, ge=1)
    """Segments that a Director has in work at a time, of all its clips and over all replicas: enough that while each
    replica draws one, another waits."""
    parallel_sentences: int = Field(default=2, ge=1)
    """Likewise sentences, and how many may be spoken at once."""
    max_characters: int = Field(default=10_000, ge=1)
    """Longest text that the tier takes."""
    tenant_jobs: int | None = Field(default=None, ge=1)
    """Jobs of one tenant in work at a time; all share what there is, taking turns, where none is named."""
    commercial_use: bool = False
    """Voices and engines whose licence forbids commercial use are refused."""
    label: Literal["off", "corner", "end"] = "off"
    """See `VideoRequest.label`: put on videos that ask for none."""

    @model_validator(mode="before")
    @classmethod
    def _tell_engines(cls, data: Any) -> Any:
        """What holds for the tier holds for its engines."""
        if not isinstance(data, Mapping) or not data.get("commercial_use"):
            return data
        told = {
            stage: {**data[stage], "commercial_use": True}
            for stage in ("speech", "animation")
            if isinstance(data.get(stage), Mapping)
        }
        return {**data, **told}


class Limits(StrictModel):
    """For each tenant, and for each subject that a key acts for; no limit where none is named."""

    changes_per_minute: int | None = Field(default=None, ge=1)
    """Requests that make or delete something, at each replica of the gateway."""
    queued: int | None = Field(default=None, ge=1)
    """Videos that wait."""
    live: int | None = Field(default=None, ge=1)
    """Live sessions at a time, at each replica of the gateway."""
    video_s_per_day: float | None = Field(default=None, gt=0)
    """Seconds of finished video since midnight UTC."""


class Oidc(StrictModel):
    """An OpenID Connect issuer whose tokens are taken beside API keys."""

    issuer: str
    """As `iss` has it: https://login.microsoftonline.com/TENANT/v2.0. Its keys are found below it."""
    audience: str = Field(min_length=1)
    """What `aud` must be: the id of this service at the issuer."""
    tenant_claim: str
    """Whose the things are that a token makes and sees: oid is each person for themselves, tid a whole organisation."""
    roles: dict[str, frozenset[Literal["generate", "read", "admin"]]] = Field(min_length=1)
    """What each role allows; other roles allow nothing."""
    roles_claim: str = "roles"
    person_claim: str = "sub"
    """Who is named in the audit log."""
    leeway_s: float = Field(default=60.0, ge=0, le=300)
    """How wrong clocks may be."""
    keys_life_s: float = Field(default=3600.0, ge=60, le=86_400)
    """How long the issuer's keys are believed before they are fetched again."""

    @field_validator("issuer")
    @classmethod
    def _is_safe(cls, issuer: str) -> str:
        address = urlsplit(issuer)
        if address.scheme != "https" and address.hostname not in ("localhost", "127.0.0.1"):
            raise ValueError("the issuer is an address with https")
        return issuer


class GatewayConfig(StrictModel):
    """Arguments of `serve_app.app:build_gateway`."""

    tiers: tuple[str, ...]
    """Applications that the gateway asks for, in the order of preference."""
    max_upload_bytes: int = Field(default=64 * 2**20, ge=1)
    max_queued_jobs: int = Field(default=100, ge=1)
    max_live_sessions: int = Field(default=8, ge=1)
    """Live sessions at a time, at each replica of the gateway: each has a voice and a drawer at its service."""
    keep_days: float = Field(default=30.0, gt=0)
    """How long finished videos are kept."""
    keep_audit_days: float = Field(default=365.0, gt=0)
    """How long the audit log remembers who did what."""
    generate_wait_s: float = Field(default=60.0, ge=0)
    """How long POST /generate waits for its video before it answers with the job instead."""
    cors_origins: tuple[str, ...] = ()
    """Origins of web pages that may use the service from a browser ("https://app.example.org", or "*" for all); none by
    default."""
    auth: Literal["open", "keys"] = "open"
    """Who may ask: open is everybody on this machine, where the service listens to nobody else; keys is whoever has
    one."""
    oidc: Oidc | None = None
    """Beside keys, tokens of this issuer are taken; with `auth: keys` only."""
    limits: Limits = Limits()
    consent: Literal["off", "record", "require"] | None = None
    """Of the person in a portrait that is no preset: off asks and notes nothing, record notes what is named, require
    refuses videos without. By default record where nobody needs a key, and require where one is needed."""
    webhooks_to_private: bool = False
    """Webhooks may go to addresses inside our own network: everybody who may ask for a video then reaches those."""

    @model_validator(mode="after")
    def _is_locked(self) -> "GatewayConfig":
        if self.oidc and self.auth != "keys":
            raise ValueError("oidc: tokens are asked for only with auth: keys")
        return self


def check_licence(config: EngineConfig, licence: Licence, what: str) -> None:
    """Raises LicenceError: the tier is in commercial use, which the licence of `what` forbids."""
    if config.commercial_use and not licence.commercial_use:
        raise LicenceError(
            f"the licence of {what} ({licence.weights}) forbids commercial use, and the tier's configuration says "
            "commercial_use: true; choose another, or get a licence from its authors"
        )


def storage_url() -> str:
    return os.environ.get("PROSOPON_STORAGE", str(home() / "store"))


def jobs_url() -> str:
    return os.environ.get("PROSOPON_JOBS", f"sqlite:///{home() / 'jobs.sqlite'}")


def webhook_secret() -> str | None:
    """What webhooks are signed with; without it none are sent."""
    return os.environ.get("PROSOPON_WEBHOOK_SECRET") or None


def config_names() -> tuple[str, ...]:
    """Names of the shipped configurations."""
    files = resources.files("configs").iterdir()
    return tuple(sorted(f.name.removesuffix(".yaml") for f in files if f.name.endswith(".yaml")))


def read_serve_config(name: str | Path) -> dict[str, Any]:
    """A Serve config as plain data: a shipped one by name, or any by path.

    Raises:
        UnknownTierError: no such file; the message names the shipped ones.
    """
    path = Path(name)
    source = path if path.suffix else resources.files("configs") / f"{name}.yaml"
    try:
        data = yaml.safe_load(source.read_text(encoding="utf-8"))
    except OSError as error:
        known = ", ".join(config_names())
        raise UnknownTierError(f"there is no configuration {name}; shipped are: {known}") from error
    except (yaml.YAMLError, UnicodeDecodeError, ValueError) as error:  # ValueError: no such date
        raise UnknownTierError(f"{name} is not YAML: {error}") from error
    except RecursionError as error:
        raise UnknownTierError(f"{name} is nested too deeply to be read") from error
    if not isinstance(data, dict):
        raise UnknownTierError(f"{name} holds no Serve configuration")
    return data


def tier_names() -> tuple[str, ...]:
    """Tiers that have a shipped configuration of their own."""
    return tuple(name for name in config_names() if _tier_arguments(name) is not None)


def read_tier(name: str) -> TierConfig:
    """The tier of that name, out of the shipped Serve configs.

    Raises:
        UnknownTierError: no such tier; the message names the known ones.
    """
    arguments = _tier_arguments(name) if name in config_names() else None
    if arguments is None:
        known = ", ".join(tier_names())
        raise UnknownTierError(f"there is no tier {name!r}; known are: {known}")
    return TierConfig.model_validate(arguments)


def _tier_arguments(config: str) -> Mapping[str, Any] | None:
    """Of the application that has the configuration's own name."""
    for application in read_serve_config(config)["applications"]:
        if application["name"] == config:
            arguments: Mapping[str, Any] = application["args"]
            return arguments
    return None


def check_serve_config(config: Mapping[str, Any]) -> None:
    """Finds what Ray Serve would ignore in silence or fail at late.

    Raises:
        InputError: an unknown key, a deployment or builder that does not exist, a value out of range; with its place.
    """
    from ray.serve.schema import (
        HTTPOptionsSchema,
        LoggingConfig,
        ServeApplicationSchema,
        ServeDeploySchema,
    )

    _check_keys(config, ServeDeploySchema, "the configuration")
    _check_keys(config.get("http_options", {}), HTTPOptionsSchema, "http_options")
    _check_keys(config.get("logging_config", {}), LoggingConfig, "logging_config")
    applications = config.get("applications")
    if not isinstance(applications, list) or not applications:
        raise InputError("the configuration lists no applications")
    for application in applications:
        _check_keys(application, ServeApplicationSchema, "an application")
        _check_application(application, f"application {application.get('name')!r}")
    try:
        ServeDeploySchema.model_validate(config)
    except ValueError as error:
        raise InputError(f"the configuration does not fit Ray Serve: {error}") from error


def _check_application(application: Mapping[str, Any], where: str) -> None:
    from ray.serve.schema import DeploymentSchema

    from serve_app.app import BUILDERS

    path = str(application.get("import_path"))
    if path not in BUILDERS:
        raise InputError(
            f"{where}: import_path {path!r} is none of ours; those are {', '.join(BUILDERS)}"
        )
    builder, names = BUILDERS[path]
    args = application.get("args", {})
    try:
        builder(args)
    except InputError as error:
        raise InputError(f"{where}: args: {error.message}") from error
    if "tier" in args and args["tier"] != application.get("name"):
        raise InputError(
            f"{where}: is the tier {args['tier']!r}, and an application must be named as its tier"
        )
    deployments = application.get("deployments", [])
    if not isinstance(deployments, list):
        raise InputError(f"{where}: deployments is not a list")
    for deployment in deployments:
        _check_keys(deployment, DeploymentSchema, f"{where}: a deployment")
        name = deployment.get("name")
        if name not in names:
            raise InputError(
                f"{where}: there is no deployment {name!r}; there are {', '.join(names)}"
            )
        _check_deployment(deployment, f"{where}, deployment {name!r}")


def _check_deployment(deployment: Mapping[str, Any], where: str) -> None:
    from ray.serve.config import AutoscalingConfig
    from ray.serve.schema import RayActorOptionsSchema

    parts: dict[str, type[BaseModel]] = {
        "ray_actor_options": RayActorOptionsSchema,
        "autoscaling_config": AutoscalingConfig,
    }
    for part, model in parts.items():
        if part in deployment:
            _check_keys(deployment[part], model, f"{where}: {part}")
            try:
                model(**deployment[part])
            except ValueError as error:
                raise InputError(f"{where}: {part}: {error}") from error


def _check_keys(value: object, model: type[BaseModel], where: str) -> None:
    """Ray's models take and ignore keys that they do not know."""
    if not isinstance(value, Mapping):
        raise InputError(f"{where} is not a mapping of names to values")
    if unknown := sorted(set(map(str, value)) - set(model.model_fields)):
        near = difflib.get_close_matches(unknown[0], model.model_fields, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise InputError(f"{where} has no key {unknown[0]!r}{hint}")
