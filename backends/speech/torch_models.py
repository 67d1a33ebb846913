"""What engines on torch share: quiet imports, devices, weights that hold no code, and one seeded run at a time."""

import sys
import threading
import types
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

from backends.errors import EngineError, EngineUnavailableError

_RUNNING = threading.RLock()
"""Torch draws its random numbers from one generator in the process, and these libraries keep a request's state on
their modules: one request at a time."""
_TOLD = 300
"""Characters of a reason, which may name a thousand tensors."""


@cache
def library(module: str, extra: str) -> Any:
    """A module of a library on torch, imported without its warnings and without reaching for the network.

    Args:
        extra: of ours, that brings it.

    Raises:
        EngineUnavailableError: it, or something that it needs, is not installed.
    """
    try:
        with _RUNNING, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import_module("torch")
            _without_cuda_extension()
            with _without_downloads():
                return import_module(module)
    except (ImportError, OSError) as error:
        raise EngineUnavailableError(
            f"{module} cannot be used here ({error}); run: pip install 'prosopon[{extra}]'"
        ) from error


def is_installed(module: str) -> bool:
    """Whether a top-level module could be imported, without doing so."""
    return find_spec(module) is not None


def torch() -> Any:
    """Raises EngineUnavailableError."""
    return library("torch", "torch")


def device_of(wanted: str) -> str:
    """ "cpu", "cuda" or "cuda:N".

    Args:
        wanted: one of these, or "auto".

    Raises:
        EngineError: this machine has no such device.
    """
    cuda = torch().cuda
    if wanted == "auto":
        return "cuda" if cuda.is_available() else "cpu"
    if wanted.startswith("cuda"):
        index = int(wanted.partition(":")[2] or 0)
        if not cuda.is_available() or index >= cuda.device_count():
            raise EngineError(f"there is no device {wanted!r} here; set the option device to cpu")
    return wanted


def read_weights(path: Path, harmless: Sequence[Any] = ()) -> dict[str, Any]:
    """What a file of weights holds, on the CPU: safetensors, or torch's own format with nothing but data in it.

    Args:
        harmless: classes that may be in it besides, each with the name that it has there, as
            `torch.serialization.safe_globals` takes them.

    Raises:
        EngineError: it is damaged, or holds code.
    """
    try:
        if path.suffix == ".safetensors":
            load_file = import_module("safetensors.torch").load_file
            found: Any = load_file(path)
        else:
            with warnings.catch_warnings(), torch().serialization.safe_globals(list(harmless)):
                warnings.simplefilter("ignore")  # it warns of what it then refuses
                found = torch().load(path, map_location="cpu", weights_only=True)
    except UnpicklingError as error:
        raise EngineError(
            f"{path} is refused: it is damaged, or holds more than tensors, which could be code; take "
            "the file as it is published, or save its state_dict alone"
        ) from error
    except (OSError, RuntimeError, ValueError, EOFError, KeyError) as error:
        raise EngineError(f"{path} cannot be read as weights: {error}") from error
    except (
        Exception
    ) as error:  # safetensors has an error of its own, which derives from nothing else
        raise EngineError(f"{path} cannot be read as weights: {error}") from error
    if not isinstance(found, dict):
        raise EngineError(f"{path} holds a {type(found).__name__} and no named tensors")
    return found


def load_strictly(model: Any, state: Mapping[str, Any], path: Path) -> None:
    """Puts weights into a model that has exactly these.

    Raises:
        EngineError: names or shapes differ; the message tells how.
    """
    try:
        model.load_state_dict(state, strict=True)
    except (RuntimeError, TypeError, AttributeError) as error:
        told = " ".join(str(error).split())
        raise EngineError(f"{path} is not what its configuration says: {told[:_TOLD]}") from error


@contextmanager
def seeded(seed: int, device: str = "cpu") -> Iterator[None]:
    """Alone on torch in this process, without gradients, its random numbers those of the seed and of nobody else's."""
    module = torch()
    devices = [module.device(device)] if device.startswith("cuda") else []
    with _RUNNING, warnings.catch_warnings(), module.no_grad():
        warnings.simplefilter("ignore")
        with module.random.fork_rng(devices=devices):
            module.manual_seed(seed % 2**63)
            yield


def _without_cuda_extension() -> None:
    """torchaudio's wheel is linked to CUDA's libraries: where torch has none, its optional extension is left out, as
    torchaudio does itself where the file is missing."""
    name = "torchaudio._extension"
    if sys.modules["torch"].version.cuda is not None or name in sys.modules:
        return
    extension = types.ModuleType(name)
    extension._IS_TORCHAUDIO_EXT_AVAILABLE = False  # type: ignore[attr-defined]
    extension._IS_ALIGN_AVAILABLE = False  # type: ignore[attr-defined]
    extension._check_cuda_version = lambda: None  # type: ignore[attr-defined]
    extension.fail_if_no_align = lambda function: function  # type: ignore[attr-defined]
    sys.modules[name] = extension


@contextmanager
def _without_downloads() -> Iterator[None]:
    """NLTK's downloader does nothing meanwhile: packages that ESPnet imports call it as they are imported."""
    try:
        nltk: Any = import_module("nltk")
    except ImportError:
        yield
        return
    download = nltk.download
    nltk.download = lambda *args, **kwargs: False
    try:
        yield
    finally:
        nltk.download = download
