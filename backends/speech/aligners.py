"""Which aligner there is, and the first choice: by what a phoneme recogniser hears."""

from collections.abc import Sequence

import numpy as np

from backends.speech.alignment import Aligned, Aligner, Sound, Spelled, anchored
from backends.speech.boundaries import Anchor, quiet_runs, spans_of
from backends.speech.hearing import FRAME_S, HEARING_HZ, Heard, is_installed, listen
from backends.speech.phones import SILENCE, Phone, is_vowel
from backends.speech.ruled import RuledAligner
from backends.speech.sounds import FIRST_SHARE, heard_as, letter_of
from backends.types import FloatArray, Notice, PhonemeSpan

_UNHEARD = -3.0
"""Logarithm of a phone's probability below which it was not heard where it should be."""
_GLIDES = ("ɪ", "ʊ", "ə")
"""Second parts of diphthongs."""
_IN_PAUSES = 2.0
"""Off the logarithm of any phone's probability in a pause: one that is not heard goes to those beside it instead."""
_MISSED = 0.35
"""Share of unheard phones from which on the text is probably not what is spoken."""


def find_aligner() -> Aligner:
    """The best aligner that is installed; the last resort needs nothing and says so in its notices."""
    return HeardAligner() if is_installed() else RuledAligner()


class HeardAligner:
    """Aligns with what hama hears, in any language whose sounds it knows the like of."""

    @property
    def name(self) -> str:
        return "hama"

    def align(self, sound: Sound, spelled: Sequence[Spelled]) -> Aligned:
        """See `Aligner.align`."""
        heard = listen(sound(HEARING_HZ))
        units = _units([phone for line in spelled for phone in line.phones], heard.tokens)
        letters = ["".join(letter_of(phone.phoneme) for phone in unit) for unit in units]
        quiet = _quiet_frames(heard)
        likely = {unit: _likelihood(unit, heard) - _IN_PAUSES * quiet for unit in set(letters)}
        peaks = anchored(letters, likely, heard.blank(), heard.levels.duration_s)
        anchors = [
            Anchor(unit[0].phoneme, peak.first * FRAME_S, peak.last * FRAME_S)
            for unit, peak in zip(units, peaks, strict=True)
        ]
        missed = sum(peak.log_probability < _UNHEARD for peak in peaks) / max(len(peaks), 1)
        notices = (_mismatch(missed),) if missed > _MISSED else ()
        spans = spans_of(anchors, heard.levels)
        return Aligned(tuple(_parted(spans, units)), notices)


def _units(phones: Sequence[Phone], tokens: Sequence[str]) -> list[tuple[Phone, ...]]:
    """Phones by themselves, but for diphthongs that the recogniser hears as one."""
    units: list[tuple[Phone, ...]] = []
    for phone in phones:
        if units and len(units[-1]) == 1 and phone.phoneme in _GLIDES:
            [before] = units[-1]
            diphthong = letter_of(before.phoneme) + phone.phoneme
            if before.word == phone.word and is_vowel(before.phoneme) and diphthong in tokens:
                units[-1] = (before, phone)
                continue
        units.append((phone,))
    return units


def _likelihood(unit: str, heard: Heard) -> FloatArray:
    """(frames,) log-probability of any of the letters."""
    shares: dict[int, float] = {}
    for letter in unit:
        for column, share in zip(*heard_as(letter, heard.tokens), strict=True):
            shares[column] = max(share, shares.get(column, 0.0))
    return heard.sum(list(shares), list(shares.values()))


def _parted(spans: Sequence[PhonemeSpan], units: Sequence[tuple[Phone, ...]]) -> list[PhonemeSpan]:
    """The spans of units as those of their phones."""
    each = iter(units)
    out: list[PhonemeSpan] = []
    for span in spans:
        unit = () if span.phoneme == SILENCE else next(each)
        if len(unit) < 2:
            out.append(span)
        else:
            cut = span.start_s + FIRST_SHARE * (span.end_s - span.start_s)
            out.append(PhonemeSpan(unit[0].phoneme, span.start_s, cut))
            out.append(PhonemeSpan(unit[1].phoneme, cut, span.end_s))
    return out


def _quiet_frames(heard: Heard) -> FloatArray:
    """(frames,) 1 in pauses."""
    frames = np.zeros(len(heard.log_probabilities), np.float32)
    for run in quiet_runs(heard.levels):
        frames[round(run.start_s / FRAME_S) : round(run.end_s / FRAME_S)] = 1.0
    return frames


def _mismatch(missed: float) -> Notice:
    return Notice(
        "transcript_mismatch",
        f"{missed:.0%} of the transcript's sounds are not heard in the recording: the lips may be "
        "wrong; check the transcript and its language, or leave it out",
    )
