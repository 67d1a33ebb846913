"""Small weights, and the engine that they make."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from backends.faces.framing import Framing
from backends.faces.portrait import load_portrait
from backends.types import Portrait

if TYPE_CHECKING:
    from backends.animation.sadtalker import SadTalkerEngine

torch = pytest.importorskip("torch", reason="the full set has it")


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.contract.sadtalker_weights import write_weights

    return write_weights(tmp_path_factory.mktemp("sadtalker"))


@pytest.fixture(scope="session")
def engine(weights: Path) -> "SadTalkerEngine":
    from backends.animation.sadtalker import SadTalkerEngine, SadTalkerOptions

    return SadTalkerEngine(SadTalkerOptions(size=128, weights=weights, device="cpu"))


@pytest.fixture(scope="session")
def hopper() -> Portrait:
    return load_portrait("preset:hopper", Framing(size=320))
