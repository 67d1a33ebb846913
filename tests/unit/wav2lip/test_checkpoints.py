"""Checkpoints as they are published are read; what is damaged, another network's, or could run code is refused."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backends.animation.wav2lip.checkpoint import read_checkpoint, write_checkpoint
from backends.animation.wav2lip.export import export
from backends.animation.wav2lip.runners import load_runner
from backends.errors import EngineError, InputError, WeightsMissingError
from tests.contract.wav2lip_weights import random_weights
from tests.unit.wav2lip.conftest import drawn

WEIGHTS = random_weights()


@pytest.fixture
def converted(tmp_path: Path) -> Path:
    path = tmp_path / "βάρη του wav2lip.safetensors"
    write_checkpoint(WEIGHTS, path)
    return path


def half(size: int) -> int:
    return size // 2


def same(found: Any) -> bool:
    return found.keys() == WEIGHTS.keys() and all(
        np.array_equal(found[n], WEIGHTS[n]) for n in found
    )


def test_safetensors_are_read(converted: Path) -> None:
    plan, weights = read_checkpoint(converted)
    assert (plan.size, plan.width) == (96, 2)
    assert same(weights)


@pytest.mark.full
@pytest.mark.parametrize("legacy", [False, True])
def test_the_published_layout_is_read(tmp_path: Path, legacy: bool) -> None:
    """With "module." before every name, the optimiser's state and counters beside; in torch's older format too."""
    torch = pytest.importorskip("torch", reason="the full set has it")
    entries = {f"module.{n}": torch.from_numpy(v) for n, v in WEIGHTS.items()}
    step = torch.nn.Parameter(torch.zeros(3))
    optimizer = torch.optim.Adam([step])
    step.grad = torch.ones(3)
    optimizer.step()
    content = {
        "state_dict": entries,
        "optimizer": optimizer.state_dict(),
        "global_step": 277_000,
        "global_epoch": 12,
    }
    path = tmp_path / "wav2lip_gan.pth"
    torch.save(content, path, _use_new_zipfile_serialization=not legacy)
    plan, weights = read_checkpoint(path)
    assert plan.size == 96
    assert same(weights)


@pytest.mark.full
@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")
def test_torchscript_releases_are_read(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="the full set has it")
    from backends.animation.wav2lip.architecture import architecture
    from backends.animation.wav2lip.networks import Generator

    network = Generator(architecture(96, 2)).eval()
    network.load_state_dict({n: torch.from_numpy(v) for n, v in WEIGHTS.items()})
    example = torch.zeros(1, 1, 80, 16), torch.zeros(1, 6, 96, 96)
    path = tmp_path / "Wav2Lip-SD-GAN.pt"
    torch.jit.trace(network, example).save(str(path))
    assert same(read_checkpoint(path)[1])


class _Harm:
    def __reduce__(self) -> tuple[Any, ...]:
        return (exec, ("raise SystemExit('it ran')",))


@pytest.mark.full
@pytest.mark.parametrize("name", ["evil.pth", "evil.pt"])
def test_code_in_a_checkpoint_is_not_run(tmp_path: Path, name: str) -> None:
    torch = pytest.importorskip("torch", reason="the full set has it")
    path = tmp_path / name
    torch.save({"state_dict": _Harm()}, path)
    with pytest.raises(EngineError, match=r"evil\.pth?"):
        read_checkpoint(path)
    path.write_bytes(pickle.dumps(_Harm()))
    with pytest.raises(EngineError, match=r"evil\.pth?"):
        read_checkpoint(path)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.binary(max_size=400), cut=st.integers(0, 5000))
def test_damaged_files_are_refused(tmp_path: Path, data: bytes, cut: int) -> None:
    path = tmp_path / "broken.safetensors"
    whole = tmp_path / "whole.safetensors"
    if not whole.exists():
        write_checkpoint(WEIGHTS, whole)
    for content in (data, whole.read_bytes()[:cut] + data):
        path.write_bytes(content)
        with pytest.raises(EngineError, match=r"broken\.safetensors"):
            read_checkpoint(path)


def test_missing_weights_name_the_command(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissingError, match="prosopon models pull wav2lip"):
        read_checkpoint(tmp_path / "nowhere.pth")
    with pytest.raises(WeightsMissingError, match="prosopon models pull wav2lip"):
        load_runner(tmp_path / "nowhere.onnx", "auto", "cpu", None, 1, half)


@pytest.mark.parametrize("change", ["missing", "extra", "shape", "nan"])
def test_another_network_is_refused_with_its_entry(tmp_path: Path, change: str) -> None:
    name = "audio_encoder.3.conv_block.0.weight"
    weights = {n: v.copy() for n, v in WEIGHTS.items()}
    if change == "missing":
        del weights[name]
    elif change == "extra":
        name = "face_id.weight"
        weights[name] = np.zeros(3, np.float32)
    elif change == "shape":
        weights[name] = weights[name][:, :, :2]
    else:
        weights[name][0, 0, 0, 0] = np.nan
    path = tmp_path / "other.safetensors"
    write_checkpoint(weights, path)
    with pytest.raises(EngineError, match=name):
        read_checkpoint(path)


def test_exported_graphs_draw_what_the_checkpoint_draws(tmp_path: Path, converted: Path) -> None:
    rng = np.random.default_rng(0)
    mel = rng.uniform(-4, 4, (2, 1, 80, 16)).astype(np.float32)
    faces = rng.uniform(0, 1, (2, 6, 96, 96)).astype(np.float32)
    of_checkpoint = load_runner(converted, "onnxruntime", "cpu", None, 1, half)
    target = tmp_path / "γράφος.onnx"
    export(converted, target)
    exported = load_runner(target, "auto", "cpu", None, 1, half)
    assert exported.size == 96
    np.testing.assert_allclose(
        drawn(exported, mel, faces), drawn(of_checkpoint, mel, faces), rtol=0, atol=1e-6
    )
    with pytest.raises(EngineError, match="--whole"):
        load_runner(target, "auto", "cpu", None, 1, lambda size: 0)
    export(converted, target, whole=True)
    assert load_runner(target, "auto", "cpu", None, 1, lambda size: 0).top == 0


def test_eight_bits_draw_nearly_the_same(tmp_path: Path, converted: Path) -> None:
    target = tmp_path / "small.onnx"
    export(converted, target, int8=True)
    exact, rough = (
        load_runner(path, "onnxruntime", "cpu", None, 1, half) for path in (converted, target)
    )
    rng = np.random.default_rng(0)
    mel = rng.uniform(-4, 4, (2, 1, 80, 16)).astype(np.float32)
    faces = rng.uniform(0, 1, (2, 6, 96, 96)).astype(np.float32)
    assert np.abs(drawn(exact, mel, faces) - drawn(rough, mel, faces)).mean() < 4 / 255
    assert target.stat().st_size < 0.7 * converted.stat().st_size


def test_what_cannot_be_written_or_run_is_refused(tmp_path: Path, converted: Path) -> None:
    for target, int8 in (("net.pth", False), ("net.safetensors", True)):
        with pytest.raises(InputError, match=target):
            export(converted, tmp_path / target, int8=int8)
    graph = tmp_path / "net.onnx"
    graph.write_bytes(b"no graph")
    with pytest.raises(EngineError, match=r"net\.onnx is not a Wav2Lip graph"):
        load_runner(graph, "auto", "cpu", None, 1, half)
    with pytest.raises(InputError, match="torch cannot run"):
        load_runner(graph, "torch", "cpu", None, 1, half)
