"""Recorded speech that a voice is cloned from: read, judged, and made small."""

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
import soxr

from backends.errors import InputError
from backends.media import HERE, Media
from backends.speech.engine import VoiceReference
from backends.speech.hearing import HEARING_HZ, measure
from backends.speech.pitch import HOP_S, Floats, pitch_track
from backends.types import FloatArray

LEAST_S, MOST_S = 6.0, 30.0
"""How much of it is needed, and how much is used: its beginning."""
REFERENCE_HZ = 24_000
UNNAMED_REFERENCE = "the reference audio"

_SILENT_DB = -45.0
"""Below full scale, at which loud parts are taken for silence."""
_CONTRAST_DB = 12.0
"""Least distance of speech from what is between its words."""
_CLIPPED_CROWD, _CLIPPED_SHARE = 3.5, 0.001
"""How many times as many samples of nearly one size as of those 5 % smaller, of which speech has more; share of all."""
_SIZES, _LEAST_SIZE = 100, 40
"""Steps up to the loudest sample; where clipping may be: resampling overshoots it."""
_VOICED_S = 2.0
"""Least time in which somebody uses the voice."""
_WINDOW_S, _WINDOW_VOICED = 1.0, 0.3
_APART_OCTAVES, _APART_SPREADS, _OTHER_S = 0.4, 4.0, 1.5
"""Two speakers: pitches so far apart, so many times as far as each wanders, each heard so long."""


def read_reference(
    source: bytes | Path, name: str = UNNAMED_REFERENCE, media: Media = HERE
) -> VoiceReference:
    """Speech of one person, fit to be cloned.

    Args:
        source: A sound file's content, or where it is.
        name: What messages call it.
        media: Who decodes it.

    Raises:
        UnreadableMediaError, MediaTooLargeError: as `backends.speech.recorded.open_recording`.
        InputError: it is too short, silent, clipped, noisy, hardly speech, or of two speakers whose
            pitches differ by a fourth or more; voices of nearly one pitch are not told apart.
    """
    recording = media.open_recording(source, name)
    if recording.duration_s < LEAST_S:
        raise InputError(
            f"{name} is {recording.duration_s:.1f} s long; at least {LEAST_S:.0f} s of speech are "
            "needed to clone a voice"
        )
    samples = np.concatenate(list(_until(recording.pieces(REFERENCE_HZ), MOST_S)))
    hertz = pitch_track(samples, REFERENCE_HZ)
    _check_level(samples, hertz, name)
    _check_clipping(samples, name)
    _check_speakers(hertz, name)
    file = io.BytesIO()
    soundfile.write(file, samples, REFERENCE_HZ, format="FLAC", subtype="PCM_16")
    sound = file.getvalue()
    return VoiceReference(hashlib.sha256(sound).hexdigest(), sound)


def reference_samples(reference: VoiceReference, sample_rate: int) -> FloatArray:
    """(n,) mono in [-1, 1]."""
    samples, rate = soundfile.read(io.BytesIO(reference.sound), dtype="float32")
    return np.asarray(soxr.resample(samples, rate, sample_rate), np.float32)


def _until(pieces: Iterator[FloatArray], seconds: float) -> Iterator[FloatArray]:
    missing = round(seconds * REFERENCE_HZ)
    for piece in pieces:
        yield piece[:missing]
        missing -= len(piece)
        if missing <= 0:
            return


def _check_level(samples: FloatArray, hertz: Floats, name: str) -> None:
    levels = measure([soxr.resample(samples, REFERENCE_HZ, HEARING_HZ)]).decibels
    quiet, loud = np.percentile(levels, [5, 95])
    if loud < _SILENT_DB:
        raise InputError(f"{name} is silent: its loud parts are {loud:.0f} dB; record it louder")
    voiced_s = np.count_nonzero(hertz) * HOP_S
    if voiced_s < _VOICED_S:
        raise InputError(
            f"{name} holds {voiced_s:.1f} s of a voice; at least {_VOICED_S:.0f} s are needed: record "
            "somebody who speaks all the time"
        )
    if loud - quiet < _CONTRAST_DB:
        raise InputError(
            f"{name} is noisy: the noise is {loud - quiet:.0f} dB below the speech; record it in a "
            "quiet room, without music"
        )


def _check_clipping(samples: FloatArray, name: str) -> None:
    """What was cut off crowds at one size, even where it was resampled or turned down since."""
    size = np.abs(samples)
    counts, _ = np.histogram(size, _SIZES, (0.0, float(size.max())))
    near = np.convolve(counts, np.ones(3), "same")
    crowds, smaller = near[_LEAST_SIZE:], near[_LEAST_SIZE - 5 : -5]
    share = float(crowds[crowds > _CLIPPED_CROWD * smaller].max(initial=0.0)) / len(samples)
    if share > _CLIPPED_SHARE:
        raise InputError(
            f"{name} is clipped in {share:.1%} of its length; record it with less gain"
        )


def _check_speakers(hertz: Floats, name: str) -> None:
    """Two groups of windows, each steady in its pitch and far from the other, are two people."""
    size = round(_WINDOW_S / HOP_S)
    windows = [hertz[at : at + size] for at in range(0, len(hertz) - size + 1, size // 2)]
    voiced = [window[window > 0] for window in windows]
    medians = np.sort([np.log2(np.median(w)) for w in voiced if len(w) >= _WINDOW_VOICED * size])
    least = round(2 * _OTHER_S / _WINDOW_S)
    for cut in range(least, len(medians) - least + 1):
        low, high = medians[:cut], medians[cut:]
        gap, spread = high.mean() - low.mean(), max(low.std(), high.std(), 0.02)
        if gap > _APART_OCTAVES and gap > _APART_SPREADS * spread:
            raise InputError(
                f"{name} has more than one speaker: voices at {2 ** low.mean():.0f} and "
                f"{2 ** high.mean():.0f} Hz are heard; cut it to one"
            )
