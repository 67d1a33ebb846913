"""Published checkpoints, read strictly.

They come as PyTorch files with the optimiser's state beside "state_dict" and "module." before every name, as
TorchScript archives, whose code is never called, and converted to safetensors.
"""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from backends.animation.wav2lip.architecture import SIZES, Architecture, architecture
from backends.animation.wav2lip.folding import Weights
from backends.errors import EngineError, EngineUnavailableError, WeightsMissingError

_FIRST = "face_encoder_blocks.0.0.conv_block.0.weight"
_NARROWEST = 2


def read_checkpoint(path: Path) -> tuple[Architecture, Weights]:
    """The network that a file holds, and its numbers by published name, float32.

    Raises:
        WeightsMissingError: there is no such file.
        EngineUnavailableError: it is PyTorch's, and that is not installed.
        EngineError: it is damaged, could run code, or is not a Wav2Lip generator.
    """
    if not path.is_file():
        raise missing(path)
    entries = _safetensors(path) if path.suffix == ".safetensors" else _torch(path)
    weights = {name.removeprefix("module."): value for name, value in entries.items()}
    return _matched(weights, path), weights


def missing(path: Path) -> WeightsMissingError:
    return WeightsMissingError(
        f"Wav2Lip's weights are not at {path}; run: prosopon models pull wav2lip, or name another "
        "file in the engine's option weights"
    )


def write_checkpoint(weights: Weights, path: Path) -> None:
    """Numbers by published name as safetensors, a third of the published file."""
    from safetensors.numpy import save_file

    save_file({name: np.array(value, order="C") for name, value in weights.items()}, path)


def _matched(weights: Weights, path: Path) -> Architecture:
    """The architecture whose entries these are, no more and no fewer."""
    first = weights.get(_FIRST)
    width = first.shape[0] if first is not None and first.ndim == 4 else 0
    found = {name: value.shape for name, value in weights.items()}
    candidates = [architecture(size, max(width, _NARROWEST)) for size in SIZES]
    for candidate in candidates:
        if candidate.shapes() == found:
            return candidate
    nearest = min(candidates, key=lambda c: len(c.shapes().items() ^ found.items()))
    wanted = nearest.shapes()
    wrong = next(n for n in (*wanted, *found) if wanted.get(n) != found.get(n))
    raise EngineError(
        f"{path.name} is not a Wav2Lip generator for 96 or 256 pixels: its entry {wrong!r} is "
        f"{found.get(wrong, 'missing')}, and should be {wanted.get(wrong, 'missing')}"
    )


def _safetensors(path: Path) -> dict[str, Any]:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return _floats(load_file(path), path)
    except (SafetensorError, ValueError, OSError) as error:
        raise _damaged(path, error) from error


def _torch(path: Path) -> dict[str, Any]:
    try:
        import torch
    except ImportError as error:
        raise EngineUnavailableError(
            f"{path.name} is a PyTorch file, and reading it needs torch ({error}); run: "
            "pip install 'prosopon[torch]', or give the weights as safetensors or ONNX"
        ) from error
    try:
        if _is_script(path):
            with warnings.catch_warnings():  # torch calls its format deprecated; releases are in it
                warnings.simplefilter("ignore", DeprecationWarning)
                content: Any = torch.jit.load(  # type: ignore[no-untyped-call]
                    str(path), map_location="cpu"
                ).state_dict()
        else:
            content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # unpicklers raise whatever the bytes make them
        raise _damaged(path, error) from error
    if isinstance(content, Mapping) and isinstance(content.get("state_dict"), Mapping):
        content = content["state_dict"]
    if not isinstance(content, Mapping) or not all(
        isinstance(value, torch.Tensor) for value in content.values()
    ):
        raise EngineError(f"{path.name} holds no state_dict of a network")
    return _floats({str(n): v.detach().numpy(force=True) for n, v in content.items()}, path)


def _is_script(path: Path) -> bool:
    """TorchScript archives carry the code of their own interpreter, and their constants apart."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(name.endswith("/constants.pkl") for name in archive.namelist())


def _floats(entries: Mapping[str, Any], path: Path) -> dict[str, Any]:
    floats = {name: np.asarray(value, np.float32) for name, value in entries.items()}
    for name, value in floats.items():
        if not np.isfinite(value).all():
            raise EngineError(f"{path.name} is damaged: {name} holds numbers that are not finite")
    return floats


def _damaged(path: Path, error: Exception) -> EngineError:
    reason = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
    return EngineError(
        f"{path.name} cannot be read as weights ({reason}); fetch it again: prosopon models pull wav2lip"
    )
