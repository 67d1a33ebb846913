"""The authors' own modules, where a checkout of them is at hand."""

import importlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import librosa
import pytest

CHECKOUT = os.environ.get("REFERENCE_WAV2LIP", "")
CHECKOUT_256 = os.environ.get("REFERENCE_WAV2LIP_256", "")
"""Of LiveTalking, which has the variant for 256 pixels."""
_TOP = ("models", "audio", "hparams", "inference", "face_detection")


@contextmanager
def reference(*argv: str) -> Iterator[Any]:
    """Imports modules of the checkout by name: `load("audio")`; they are forgotten afterwards."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(CHECKOUT)
        patch.setattr(sys, "argv", ["inference.py", *argv])
        named = librosa.filters.mel
        # librosa takes these by name only since 0.10.
        patch.setattr(
            librosa.filters, "mel", lambda sr, n_fft, **more: named(sr=sr, n_fft=n_fft, **more)
        )
        try:
            yield importlib.import_module
        finally:
            for name in [n for n in sys.modules if n.partition(".")[0] in _TOP]:
                del sys.modules[name]


def larger() -> ModuleType:
    """The module of the 256-pixel variant, inside the package of the other."""
    path = Path(CHECKOUT_256) / "avatars" / "wav2lip" / "models" / "wav2lip_v2.py"
    spec = importlib.util.spec_from_file_location("models.wav2lip_v2", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
