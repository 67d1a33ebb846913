"""Tiers with weights: what is missing is said with the command that mends it, and licences are kept."""

from pathlib import Path
from typing import Any

import pytest

from backends.errors import LicenceError, WeightsMissingError
from serve_app.config import EngineConfig, TierConfig, check_licence, read_tier
from serve_app.deployments import Animation
from serve_app.local import describe
from serve_app.storage import FolderStorage
from tests.contract.wav2lip_weights import random_weights

RIG: dict[str, Any] = {"engine": "rig"}


@pytest.fixture
def lips(tmp_path: Path) -> dict[str, Any]:
    from backends.animation.wav2lip.checkpoint import write_checkpoint

    path = tmp_path / "wav2lip.safetensors"
    write_checkpoint(random_weights(), path)
    return {"engine": "wav2lip", "options": {"weights": str(path), "device": "cpu"}}


def tier(animation: dict[str, Any], **more: Any) -> TierConfig:
    speech = {"engine": "tone"}
    return TierConfig.model_validate(
        {"tier": "mine", "speech": speech, "animation": animation, **more}
    )


def test_balanced_has_espnet_and_wav2lip_on_a_part_of_a_gpu() -> None:
    config = read_tier("balanced")
    assert config.animation.engine == "wav2lip"
    assert config.animation.options["expressive"] is True
    assert config.speech.options["required"] == ["espnet"]


def test_missing_weights_name_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROSOPON_HOME", str(tmp_path))
    with pytest.raises(WeightsMissingError, match="prosopon models pull wav2lip"):
        describe(tier({"engine": "wav2lip"}))


def test_what_holds_for_a_tier_holds_for_its_engines() -> None:
    config = tier(RIG, commercial_use=True)
    assert config.speech.commercial_use
    assert config.animation.commercial_use
    assert not tier(RIG).animation.commercial_use


def test_commercial_use_refuses_non_commercial_weights(
    tmp_path: Path, lips: dict[str, Any]
) -> None:
    storage = FolderStorage(tmp_path / "store")
    config = tier(lips, commercial_use=True)
    with pytest.raises(LicenceError, match=r"non-commercial.*commercial_use"):
        Animation(config.animation, storage)
    with pytest.raises(LicenceError, match="wav2lip"):
        describe(config)
    assert Animation(tier(lips).animation, storage)
    assert describe(tier(RIG, commercial_use=True)).animation.name == "rig"


def test_a_licence_that_allows_it_is_not_refused() -> None:
    from backends.speech.engine import Licence

    config = EngineConfig(engine="rig", commercial_use=True)
    check_licence(config, Licence("MIT", "MIT", commercial_use=True), "it")
