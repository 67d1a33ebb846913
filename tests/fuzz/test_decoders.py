"""A minute's worth of `make fuzz`: whatever the bytes, decoders read them or say what is wrong with them."""

import gc
import resource
import tempfile
import time
from pathlib import Path
from random import Random

import pytest

from tests.fuzz.decoders import DECODERS, MOST_BYTES, Decoder, seeds, survives
from tests.fuzz.mutations import mutated

CASES = 50


def open_files() -> int:
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").exists() else 0


@pytest.mark.parametrize("name", DECODERS)
def test_damaged_bytes_are_told_of_and_nothing_worse(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    kept, random = seeds(name), Random(name)
    assert kept, "a decoder has a corpus"
    check(DECODERS[name], kept[0])  # what is loaded once
    files = open_files()
    for data in kept:
        check(DECODERS[name], data)
    for _ in range(CASES):
        check(DECODERS[name], mutated(kept, random, MOST_BYTES))
    assert open_files() <= files
    assert list(tmp_path.iterdir()) == []


def check(decoder: Decoder, data: bytes) -> None:
    begun = time.process_time()
    survives(decoder, data)
    assert time.process_time() - begun < 20, "a hang"


@pytest.mark.parametrize("name", ["image", "video", "audio", "script", "config"])
def test_seeds_are_read(name: str) -> None:
    """Or else what is damaged is not what parsers know."""
    read = 0
    for data in seeds(name):
        try:
            DECODERS[name](data)
            read += 1
        except Exception:
            continue
    assert read >= 2 / 3 * len(seeds(name))


def test_memory_does_not_grow() -> None:
    kept, random = seeds("image"), Random(5)
    for _ in range(300):
        survives(DECODERS["image"], mutated(kept, random, MOST_BYTES))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(300):
        survives(DECODERS["image"], mutated(kept, random, MOST_BYTES))
    grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown_kb < 200_000
