"""When a text's phones are spoken in a sound: what an aligner is."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np

from backends.errors import InputError
from backends.speech.ctc import Peak, best_path
from backends.speech.espeak import phonemize
from backends.speech.phones import SILENCE, Phone, spelled
from backends.speech.words import Word, assign_words, words_of
from backends.types import FloatArray, Notice, PhonemeSpan, Utterance

_ESPEAK_VOICES = {"en": "en-us", "no": "nb", "zh": "cmn"}
"""Languages whose espeak-ng voice has another name than they."""

Sound = Callable[[int], Iterable[FloatArray]]
"""A sound's (n,) mono pieces in order, at a rate in hertz; as often as it is called."""


@dataclass(frozen=True, slots=True)
class Spelled:
    """An utterance in the phones that its text stands for."""

    utterance: Utterance
    phones: tuple[Phone, ...]
    """Without silences; their times mean nothing."""
    words: tuple[Word, ...]
    """As the phones number them."""


@dataclass(frozen=True, slots=True)
class Aligned:
    spans: tuple[PhonemeSpan, ...]
    """Contiguous from 0 to the sound's end: every phone asked for, in order, and silences."""
    notices: tuple[Notice, ...] = ()


class Aligner(Protocol):
    """Safe to call from several threads."""

    @property
    def name(self) -> str: ...

    def align(self, sound: Sound, spelled: Sequence[Spelled]) -> Aligned:
        """Finds the phones of utterances, spoken one after another, in a sound.

        Raises:
            InputError: the sound is too short for so many words.
            EngineUnavailableError: what the aligner needs is not installed.
        """
        ...


def spell(utterance: Utterance) -> Spelled:
    """The phones of an utterance by espeak-ng's dictionary and rules.

    Raises:
        UnsupportedLanguageError: espeak-ng has no voice for its language.
    """
    voice = _ESPEAK_VOICES.get(utterance.language, utterance.language)
    words = words_of(utterance.text)
    line, *alone = phonemize([utterance.text, *(word.text for word in words)], voice)
    owned, words = assign_words(spelled(line), words, alone)
    return Spelled(utterance, tuple(p for p in owned if p.phoneme != SILENCE), tuple(words))


def anchored(
    kinds: Sequence[str], likely: Mapping[str, FloatArray], blank: FloatArray, duration_s: float
) -> list[Peak]:
    """Where each phone of a sequence is heard best, all together.

    Args:
        kinds: Of sound, in the order in which they are spoken.
        likely: (frames,) log-probability of each kind.
        blank: (frames,) that of none.
        duration_s: Of the sound, for the message.

    Raises:
        InputError: there are more phones than frames.
    """
    if not kinds:
        return []
    repeated = sum(a == b for a, b in pairwise(kinds))
    if len(kinds) + repeated > len(blank):
        raise InputError(
            f"the transcript has {len(kinds)} sounds, more than can be spoken in {duration_s:.1f} s; "
            "give the transcript of this recording"
        )
    columns = {kind: i for i, kind in enumerate(dict.fromkeys(kinds))}
    emissions = np.stack([likely[kind] for kind in columns], axis=1)
    return best_path(emissions, blank, [columns[kind] for kind in kinds])
