"""What is known of a clip so far (phonemes, pauses, cues), and the frames it is planned on."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from backends.performance.noise import Floats
from backends.performance.visemes import SILENCE, is_stressed
from backends.types import Cue, PhonemeSpan, SpeechChunk

LOOKAHEAD_S = 0.45
"""How far into the future a row may depend on: every track below keeps within it."""
MEMORY_S = 1.5
"""How far back a row may depend on phonemes."""
FOREVER_S = 1e9
LEAD_IN_S = 0.4
"""A first cue that begins this early holds from the first frame."""


class Frames(NamedTuple):
    """Frames [first, last) of the clip."""

    first: int
    last: int
    fps: int

    @property
    def times_s(self) -> Floats:
        """(n,) the middle of each frame's time on the screen."""
        return (np.arange(self.first, self.last) + 0.5) / self.fps


class CueOnset(NamedTuple):
    onset_s: float
    cue: Cue


class Span(NamedTuple):
    start_s: float
    end_s: float


@dataclass(slots=True)
class Timeline:
    """Grows chunk by chunk; silences that touch across chunks are one."""

    phonemes: list[PhonemeSpan] = field(default_factory=list)
    cues: list[CueOnset] = field(default_factory=list)
    stresses: list[float] = field(default_factory=list)
    """Onsets of stressed vowels, all of the clip."""
    end_s: float = 0.0

    def add(self, chunk: SpeechChunk) -> None:
        for span in chunk.phonemes:
            last = self.phonemes[-1] if self.phonemes else None
            if last is not None and last.phoneme == SILENCE == span.phoneme:
                self.phonemes[-1] = last._replace(end_s=span.end_s)
            elif last is None and span.phoneme == SILENCE:
                self.phonemes.append(span._replace(start_s=-FOREVER_S))
            else:
                self.phonemes.append(span)
            if is_stressed(span.phoneme):
                self.stresses.append(span.start_s)
        for cue in chunk.cues:
            self._add_cue(cue.start_s, cue.cue)
        self.end_s = chunk.end_s

    def _add_cue(self, onset_s: float, cue: Cue) -> None:
        if not self.cues:
            early = onset_s <= LEAD_IN_S
            self.cues.append(CueOnset(-FOREVER_S, cue if early else Cue()))
        if self.cues[-1].cue != cue:
            self.cues.append(CueOnset(onset_s, cue))

    def close(self) -> None:
        """The clip ends here: cues that would come later have no words and are never shown."""
        self.cues = [c for c in self.cues if c.onset_s < self.end_s]

    def spans(self) -> list[PhonemeSpan]:
        """Phonemes with the silence at the end, if there is one, held open: it may go on."""
        spans = list(self.phonemes)
        if spans and spans[-1].phoneme == SILENCE:
            spans[-1] = spans[-1]._replace(end_s=FOREVER_S)
        return spans

    def pauses(self, at_least_s: float) -> list[Span]:
        """Silences of some length."""
        return [Span(a, b) for p, a, b in self.spans() if p == SILENCE and b - a >= at_least_s]

    def forget(self, before_s: float) -> None:
        """Drops what rows from `before_s` on cannot depend on any more."""
        oldest = before_s - MEMORY_S
        keep = next((i for i, p in enumerate(self.phonemes) if p.end_s > oldest), None)
        del self.phonemes[: len(self.phonemes) - 1 if keep is None else keep]
        while len(self.cues) > 1 and self.cues[1].onset_s < oldest:
            del self.cues[0]
