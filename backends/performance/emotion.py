"""Cues over time, and the face that they ask for."""

from dataclasses import dataclass

import numpy as np

from backends.performance.noise import Floats, smoothstep
from backends.performance.timeline import CueOnset
from backends.script.emotions import EMOTIONS, amplitude
from backends.script.recipes import FaceRecipe
from backends.types import COEFFICIENTS, INDEX, Cue, Emotion

GLIDE_S = 0.3
"""From one expression to the next, centred on the cue's onset."""
APEX, APEX_AFTER_S = 0.15, 0.25
"""A new expression overshoots by this share, at most to its full strength, and settles; the peak
comes this long after the glide."""

_ORDER = tuple(Emotion)
_RECIPES: tuple[FaceRecipe, ...] = tuple(EMOTIONS[e].face for e in _ORDER)


def _rows(name: str) -> Floats:
    """(emotions, 52) of a recipe's field that names coefficients."""
    table = np.zeros((len(_ORDER), len(COEFFICIENTS)))
    for row, recipe in zip(table, _RECIPES, strict=True):
        for coefficient, value in getattr(recipe, name).items():
            row[INDEX[coefficient]] = value
    return table


_FACES, _RESTS = _rows("coefficients"), _rows("rest")


@dataclass(frozen=True, slots=True)
class Mood:
    """How much of each emotion shows, at some moments."""

    weights: Floats
    """(n, emotions) amplitudes in 0..1."""
    relax: Floats
    """(n,) 1 under any cue, 0 where none was asked for."""

    def sum(self, name: str, neutral: float = 0.0) -> Floats:
        """(n,) a number of the recipes: `neutral` plus the weighted differences from it."""
        total = np.full(len(self.relax), neutral)
        for k, recipe in enumerate(_RECIPES):
            difference = float(getattr(recipe, name)) - neutral
            if difference:
                total += self.weights[:, k] * difference
        return total

    def gaze(self) -> tuple[Floats, Floats]:
        """(n,) sideways and (n,) down, degrees."""
        side, down = np.zeros(len(self.relax)), np.zeros(len(self.relax))
        for k, recipe in enumerate(_RECIPES):
            side += self.weights[:, k] * recipe.gaze_deg[0]
            down += self.weights[:, k] * recipe.gaze_deg[1]
        return side, down

    def face(self, rest: Floats) -> Floats:
        """(n, 52) coefficients to add to speech, before they are clipped.

        Args:
            rest: (n,) 1 in long rests, 0 in speech.
        """
        total = np.zeros((len(self.relax), len(COEFFICIENTS)))
        for k in np.flatnonzero(self.weights.any(axis=0)):
            weight = self.weights[:, k, None]
            total += weight * _FACES[k]
            total += (weight * rest[:, None]) * _RESTS[k]
        return total


def mood(cues: list[CueOnset], times_s: Floats) -> Mood:
    """What the cues ask for at ascending times: each is reached half-way at its onset."""
    state = np.zeros((len(times_s), len(_ORDER) + 1))
    for onset_s, cue in cues:
        begin = int(np.searchsorted(times_s, onset_s - GLIDE_S / 2, side="right"))
        if begin == len(times_s):
            break
        done = smoothstep((times_s[begin:] - onset_s) / GLIDE_S + 0.5)[:, None]
        late = np.maximum(times_s[begin:] - onset_s - GLIDE_S / 2, 0.0) / APEX_AFTER_S
        apex = 1.0 + APEX * late * np.exp(1.0 - late)
        target, rows = np.minimum(_target(cue) * apex[:, None], 1.0), state[begin:]
        state[begin:] = np.where(done >= 1.0, target, rows + (target - rows) * done)
    return Mood(state[:, :-1], state[:, -1])


def _target(cue: Cue) -> Floats:
    """(emotions + 1,) amplitudes and, last, whether anything was asked for."""
    target = np.zeros(len(_ORDER) + 1)
    for emotion, intensity in cue.weights:
        k = _ORDER.index(emotion)
        target[k] = min(1.0, target[k] + amplitude(intensity))
    target[-1] = float(bool(cue.weights))
    return target
