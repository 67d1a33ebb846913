"""Checkpoints are loaded exactly or refused with the reason."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the full set has it")

from safetensors.torch import load_file, save_file  # noqa: E402
from torch import Tensor  # noqa: E402

from backends.animation.sadtalker.checkpoint import MAPPINGS, load, main_file, parts  # noqa: E402
from backends.errors import EngineError, WeightsMissingError  # noqa: E402

MAIN, MAPPING = main_file(128), MAPPINGS["full"][0]


@pytest.fixture
def folder(weights: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(weights, tmp_path / "weights"))


def test_every_number_arrives(weights: Path) -> None:
    networks = load(weights, 128, "crop")
    found = {
        f"{prefix}.{name}": value
        for prefix, network in parts(networks).items()
        for name, value in network.state_dict().items()
    }
    wanted = load_file(weights / MAIN)
    assert found.keys() == wanted.keys()
    assert all(torch.equal(found[name], wanted[name]) for name in wanted)
    assert networks.mapping.first[0].in_channels == 70


def test_missing_files_are_named_with_the_command(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissingError, match=r"256.*models pull sadtalker$"):
        load(tmp_path, 256, "full")
    with pytest.raises(WeightsMissingError, match=r"pull sadtalker:512$"):
        load(tmp_path, 512, "full")


def _without(entries: dict[str, Tensor]) -> None:
    del entries["audio2exp.mapping1.bias"]


def _with(entries: dict[str, Tensor]) -> None:
    entries["stranger.weight"] = torch.zeros(3)


def _reshaped(entries: dict[str, Tensor]) -> None:
    entries["kp_extractor.kp.bias"] = torch.zeros(16)


def _spoilt(entries: dict[str, Tensor]) -> None:
    entries["face_3drecon.final_layers.0.bias"][3] = float("nan")


def _foreign(entries: dict[str, Tensor]) -> None:
    del entries["generator.first.conv.weight"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_without, "mapping1.bias"), (_with, "stranger"), (_reshaped, "kp.bias"),
        (_spoilt, "not finite"), (_foreign, "generator.first"),
    ],
)  # fmt: skip
def test_other_networks_are_refused(
    folder: Path, change: Callable[[dict[str, Tensor]], None], reason: str
) -> None:
    entries = load_file(folder / MAIN)
    change(entries)
    save_file(entries, folder / MAIN)
    with pytest.raises(EngineError, match=reason):
        load(folder, 128, "full")


@pytest.mark.parametrize("name", [MAIN, MAPPING])
@pytest.mark.parametrize("data", [b"", b"\x00" * 100, b"PK\x03\x04 no archive"])
def test_damaged_files_are_refused(folder: Path, name: str, data: bytes) -> None:
    (folder / name).write_bytes(data)
    with pytest.raises(EngineError, match="cannot be read"):
        load(folder, 128, "full")


class _Code:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("ran",)


def test_files_that_could_run_code_do_not(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"mapping": _Code()}, folder / MAPPING)
    with pytest.raises(EngineError, match="cannot be read"):
        load(folder, 128, "full")
    assert not Path("ran").exists()


@pytest.mark.parametrize("content", [{"epoch": 1}, [1, 2], {"mapping": {"a": 1}}])
def test_files_without_the_network_are_refused(folder: Path, content: object) -> None:
    torch.save(content, folder / MAPPING)
    with pytest.raises(EngineError, match="'mapping'"):
        load(folder, 128, "full")
