"""What a tier is made of, and where things live on this machine."""

import os
from importlib import resources
from pathlib import Path
from typing import Any

import platformdirs
import yaml
from pydantic import BaseModel, ConfigDict, Field

from backends.errors import UnknownTierError


class StrictModel(BaseModel):
    """Unknown fields are errors; the docstring under a field is its description in flags and in OpenAPI."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class EngineConfig(StrictModel):
    engine: str
    """Name in the engine table of its stage."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Checked by the engine's own options class."""


class TierConfig(StrictModel):
    """Arguments of `serve_app.app:build_tier`, as they stand in a Serve config file."""

    tier: str
    title: str = ""
    speech: EngineConfig
    animation: EngineConfig
    parallel_segments: int = Field(default=4, ge=1)
    """Segments of one clip in work at a time, over all replicas."""
    max_characters: int = Field(default=10_000, ge=1)
    """Longest text that the tier takes."""


class GatewayConfig(StrictModel):
    """Arguments of `serve_app.app:build_gateway`."""

    tiers: tuple[str, ...]
    """Applications that the gateway asks for, in the order of preference."""
    max_upload_bytes: int = Field(default=64 * 2**20, ge=1)
    max_queued_jobs: int = Field(default=100, ge=1)


def home() -> Path:
    """Folder of state, caches and weights: PROSOPON_HOME, or the platform's user data folder."""
    chosen = os.environ.get("PROSOPON_HOME")
    return Path(chosen).expanduser() if chosen else Path(platformdirs.user_data_dir("prosopon"))


def storage_url() -> str:
    return os.environ.get("PROSOPON_STORAGE", str(home() / "store"))


def jobs_url() -> str:
    return os.environ.get("PROSOPON_JOBS", f"sqlite:///{home() / 'jobs.sqlite'}")


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
    except yaml.YAMLError as error:
        raise UnknownTierError(f"{name} is not YAML: {error}") from error
    if not isinstance(data, dict):
        raise UnknownTierError(f"{name} holds no Serve configuration")
    return data


def read_tier(name: str) -> TierConfig:
    """The tier of that name, out of the shipped Serve configs.

    Raises:
        UnknownTierError: no such tier; the message names the known ones.
    """
    if name in config_names():
        for application in read_serve_config(name)["applications"]:
            if application["name"] == name:
                return TierConfig.model_validate(application["args"])
    known = ", ".join(config_names())
    raise UnknownTierError(f"there is no tier {name!r}; known are: {known}")
