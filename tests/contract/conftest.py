"""Weights of the engines that have none in packages: small random ones, where published ones would lie."""

import pytest

from backends.speech.torch_models import is_installed
from tests.contract.wav2lip_weights import random_weights


@pytest.fixture(scope="session", autouse=True)
def neural_weights(home: None) -> None:
    from backends.animation.wav2lip.checkpoint import write_checkpoint
    from backends.animation.wav2lip.engine import pulled_weights

    path = pulled_weights().with_suffix(".safetensors")
    path.parent.mkdir(parents=True)
    write_checkpoint(random_weights(), path)
    if is_installed("torch"):
        from backends.animation.weights import SADTALKER
        from tests.contract.sadtalker_weights import write_weights

        write_weights(SADTALKER.folder)
