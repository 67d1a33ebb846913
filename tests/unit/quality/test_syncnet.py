"""SyncNet's network in its published layout, and what is made of its embeddings."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from backends.errors import EngineUnavailableError
from benchmarks.quality.film import SOUND_HZ
from benchmarks.quality.syncnet import MOST_SHIFT, cepstra, verdict
from tests.unit.quality.conftest import Films


def test_a_shift_is_found() -> None:
    rng = np.random.default_rng(1)
    sound = rng.normal(size=(60, 1024)).astype(np.float32)
    for shift in (-7, 0, 4):
        found = verdict(np.roll(sound, shift, axis=0), sound)
        assert found.offset_frames == shift
        assert found.confidence > 5
    nothing = verdict(rng.normal(size=(60, 1024)).astype(np.float32), sound)
    assert nothing.confidence < 5 < nothing.distance
    assert MOST_SHIFT == 15


def test_cepstra_of_sounds() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, SOUND_HZ).astype(np.float32)
    found = cepstra(noise)
    assert found.shape == (13, 99) and np.isfinite(found).all()
    louder = cepstra(noise * 2)
    assert np.allclose(louder[0] - found[0], np.log(4), atol=0.01)  # the energy; the rest is shape
    assert np.allclose(louder[1:], found[1:], atol=0.05)
    assert np.isfinite(cepstra(np.zeros(SOUND_HZ, np.float32))).all()


@pytest.mark.full
class TestNetwork:
    @pytest.fixture(autouse=True)
    def torch(self) -> None:
        pytest.importorskip("torch")

    def test_has_the_published_layout(self) -> None:
        from benchmarks.quality.syncnet_network import SyncNet

        network = SyncNet()
        assert len(network.state_dict()) == 102
        assert sum(p.numel() for p in network.parameters()) == 13_631_616

    def test_other_weights_are_refused(self, tmp_path: Path) -> None:
        from benchmarks.quality import syncnet

        path = tmp_path / "syncnet_v2.model"
        path.write_bytes(b"<html>")
        with pytest.raises(EngineUnavailableError, match="does not hold SyncNet's weights"):
            syncnet._network(path)

    @pytest.mark.judge
    def test_a_clip_is_judged_by_weights_that_are_given(self, films: Films, tmp_path: Path) -> None:
        import torch

        from benchmarks.quality import syncnet
        from benchmarks.quality.syncnet_network import SyncNet

        path = tmp_path / "syncnet_v2.model"
        torch.manual_seed(0)
        torch.save(SyncNet().state_dict(), path)
        found = syncnet.judge(films["surprised"], path)
        assert found is not None and found.distance > 0 and found.confidence >= 0
        short = replace(films["surprised"], sound=np.zeros(SOUND_HZ // 10, np.float32))
        assert syncnet.judge(short, path) is None
