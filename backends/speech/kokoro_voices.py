"""Kokoro's voices: style vectors, some of them mixed for languages that it has no voice of."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

import numpy as np

from backends.speech.engine import Licence, Voice
from backends.speech.kokoro_model import SAMPLE_RATE
from backends.types import FloatArray

LANGUAGES: Mapping[str, str] = MappingProxyType({"a": "en", "b": "en", "e": "es", "i": "it"})
"""By the first letter of a voice's name; "a" is American English, "b" British. The second is "f" or "m"."""
MIXED: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "gm_nikolas": {"em_alex": 0.45, "im_nicola": 0.35, "bm_george": 0.2},
        "gf_theodora": {"ef_dora": 0.5, "if_sara": 0.5},
    }
)
"""Voices for Greek, whose vowels are those of Spanish and Italian, as shares of others; θ and ð are English."""
_MIXED_GAINS: Mapping[str, float] = {"gm_nikolas": 1.251, "gf_theodora": 0.843}
"""What brings them to TARGET_LUFS, measured in Greek."""

_LICENCE = Licence(
    code="Apache-2.0",
    weights="Apache-2.0",
    commercial_use=True,
    note="Kokoro-82M by hexgrad. Its phonemes come from espeak-ng (GPL-3.0-or-later).",
)
_GREEK_ADVICE = (
    "{voice} speaks Greek with an accent, by a model that has learnt Spanish and Italian; "
    "for a Greek voice run: prosopon models pull piper:el_GR-rapunzelina-low"
)
_MODEL_BYTES = 92_361_271


@dataclass(frozen=True, slots=True)
class Styles:
    """The vectors of a voice, one for each number of phonemes, as a product of two matrices."""

    left: FloatArray
    """(510, rank)."""
    right: FloatArray
    """(rank, 256)."""
    gain: float
    """What brings the voice to TARGET_LUFS."""

    def of(self, ids: int) -> FloatArray:
        """(256,) for a run of as many phonemes, 1..510."""
        return np.asarray(self.left[ids - 1] @ self.right, np.float32)


def voices() -> tuple[Voice, ...]:
    """Every voice: Greek ones first, then by language, the best of each first."""
    return tuple(_voice(name) for name in (*MIXED, *_table()))


@cache
def _table() -> Mapping[str, Styles]:
    """Of backends/speech/voices/kokoro.npz: see NOTICE."""
    with (files("backends.speech") / "voices" / "kokoro.npz").open("rb") as file:
        data = np.load(file, allow_pickle=False)
        names, gains = data["names"].tolist(), data["gains"].tolist()
        left, right = data["left"].astype(np.float32), data["right"].astype(np.float32)
    rows = zip(names, left, right, gains, strict=True)
    return MappingProxyType({name: Styles(a, b, gain) for name, a, b, gain in rows})


@cache
def styles(name: str) -> Styles:
    """Of a voice by its name, without the engine's."""
    if name not in MIXED:
        return _table()[name]
    parts = [(_table()[part], share) for part, share in MIXED[name].items()]
    return Styles(
        left=np.concatenate([part.left * np.float32(share) for part, share in parts], axis=1),
        right=np.concatenate([part.right for part, _ in parts]),
        gain=_MIXED_GAINS[name],
    )


def _voice(name: str) -> Voice:
    greek = name in MIXED
    identity = f"kokoro:{name}"
    return Voice(
        id=identity,
        name=name.partition("_")[2].capitalize(),
        language="el" if greek else LANGUAGES[name[0]],
        gender={"f": "female", "m": "male"}[name[1]],
        sample_rate=SAMPLE_RATE,
        licence=_LICENCE,
        style="" if greek else {"a": "American", "b": "British"}.get(name[0], ""),
        size_bytes=_MODEL_BYTES,
        advice=_GREEK_ADVICE.format(voice=identity) if greek else "",
    )
