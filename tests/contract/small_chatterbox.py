"""Chatterbox's environment in small: an interpreter that finds a stand-in of the library, which hums.

The library and its weights cannot be in this project's own environment. Process, pipes, frames, conditionals and seeds
are the real ones; only the classes behind `chatterbox.mtl_tts` and `torch` are the stand-in's.
"""

import sys
from pathlib import Path

_TORCH = """
import numpy as np

class cuda:
    is_available = staticmethod(lambda: False)

def manual_seed(seed):
    np.random.seed(seed % 2**32)
"""
_LIBRARY = """
import os
import unicodedata

import numpy as np
import soundfile

class Conditionals:
    def __init__(self, t3, gen):
        self.t3, self.gen = t3, gen

class Tensor:
    def __init__(self, samples):
        self.samples = samples
    def float(self):
        return self
    def numpy(self):
        return self.samples[None]

class ChatterboxMultilingualTTS:
    sr = 24000

    @classmethod
    def from_local(cls, folder, device):
        print("loaded", folder, "on", device)
        model = cls()
        model.conds = Conditionals(120, None)
        return model

    def prepare_conditionals(self, file):
        samples, rate = soundfile.read(file)
        self.conds = Conditionals(100 + len(samples) % 50, rate)

    def generate(self, text, language_id, exaggeration, cfg_weight, temperature):
        if "die now" in text:
            os._exit(3)
        if "refuse this" in text or not unicodedata.is_normalized("NFD", text):
            raise ValueError("no such text")
        pitch = self.conds.t3
        self.conds.t3 = exaggeration  # as the library changes its conditionals
        times = np.arange(int(self.sr * (0.3 + 0.08 * len(text)))) / self.sr
        hum = sum(np.sin(2 * np.pi * pitch * n * times) / n for n in range(1, 12))
        return Tensor((0.1 * hum + 0.002 * np.random.standard_normal(len(times))).astype(np.float32))
"""
FILES = (
    "t3_mtl23ls_v2.safetensors",
    "ve.pt",
    "s3gen.pt",
    "grapheme_mtl_merged_expanded_v1.json",
)


def chatterbox(folder: Path) -> dict[str, object]:
    """Options of an engine whose environment and checkpoint are made in the folder."""
    package = folder / "chatterbox"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "mtl_tts.py").write_text(_LIBRARY)
    (folder / "torch.py").write_text(_TORCH)
    for name in FILES:
        (folder / name).touch()
    python = folder / "python"
    python.write_text(
        f'#!/bin/sh\n[ "$1" = -I ] && shift\nPYTHONPATH="{folder}" exec "{sys.executable}" -P "$@"\n'
    )
    python.chmod(0o755)
    return {"python": python, "checkpoint": folder, "device": "cpu"}
