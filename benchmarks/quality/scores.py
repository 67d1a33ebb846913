"""All that the judges say of one clip, and the table that holds clips against filmed people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from rich.table import Table

from backends.errors import EngineUnavailableError
from backends.types import ImageArray
from benchmarks.quality import hearing, motion, mouth, picture, syncnet
from benchmarks.quality.film import Film
from benchmarks.quality.motion import POINTS

Value = float | str | None


class Measure(NamedTuple):
    title: str
    better: str
    """Which way is better: more, less, or near what filmed people have."""
    digits: int = 2


MEASURES: Mapping[str, Measure] = {
    "offset_ms": Measure("lips late by, ms", "near", 0),
    "agreement": Measure("lips agree with the phones heard, r", "near"),
    "over_chance": Measure("… above what chance gives (cross-audio)", "more"),
    "loudness": Measure("lips and loudness, r", "near"),
    "closed": Measure("p b m closed", "more"),
    "lse_c": Measure("SyncNet LSE-C", "near"),
    "lse_d": Measure("SyncNet LSE-D", "near"),
    "gap_p95": Measure("lip gap, 95th percentile, io", "near", 3),
    "silence_speed": Measure("lips in silence, io/s", "less"),
    "silence_leak": Measure("… over their speed in speech", "less"),
    "identity_distance": Measure("identity: distance, mean", "less"),
    "identity_worst": Measure("identity: distance, worst", "less"),
    "identity_cosine": Measure("identity: cosine", "more", 3),
    "emotion": Measure("emotion read in most frames", "near"),
    "emotion_share": Measure("frames read as asked", "more"),
    "emotion_score": Measure("probability of what was asked", "more"),
    "word_error": Measure("word error", "less", 3),
    "speech_mos": Measure("speech, DNSMOS 1…5", "more"),
    "overall_mos": Measure("speech and noise, DNSMOS 1…5", "more"),
    "flicker": Measure("flicker of the face, /255", "less"),
    "trembling": Measure("nose bridge, 2nd difference, io", "near", 4),
    "background": Measure("change of the background, /255", "less"),
    "missed": Measure("frames without a face", "less", 0),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a clip is judged by beside itself."""

    portrait: ImageArray | None = None
    """(h, w, 3) RGB of the person; None takes the clip's first frame."""
    emotion: str = ""
    """Asked for in the whole clip; empty takes the clip's facts."""
    text: str = ""
    """Spoken in it; empty takes the clip's facts."""
    language: str = "en"
    """Of that text."""
    syncnet: Path | None = None
    """Weights of SyncNet v2 as published."""


@dataclass(frozen=True, slots=True)
class Scores:
    name: str
    values: Mapping[str, Value]
    """By the keys of MEASURES; None where a clip does not tell."""
    left_out: tuple[str, ...] = ()
    """Judges that are not here, and what brings them."""


def score(film: Film, asked: Asked | None = None) -> Scores:
    """Everything about one clip.

    Raises:
        EngineUnavailableError: the judges of pictures are not installed.
        ValueError: no face in the portrait.
    """
    asked = asked or Asked()
    values: dict[str, Value] = dict.fromkeys(MEASURES)
    values |= _of_mouth(film) | _of_pictures(film, asked)
    left_out = []
    for judge in (_of_speech, _of_words, _of_syncnet):
        try:
            values |= judge(film, asked)
        except EngineUnavailableError as error:
            left_out.append(error.message)
    return Scores(film.name, values, tuple(left_out))


def _of_mouth(film: Film) -> dict[str, Value]:
    fps, sound = film.seen.fps, film.sound
    gap = mouth.gap_of(film.seen)
    found: dict[str, Value] = {
        "gap_p95": float(np.quantile(gap, 0.95)),
        "missed": float(film.seen.missed),
    }
    if not len(sound):
        return found
    phones = mouth.heard_phones(sound)
    sync = mouth.synchrony(gap, fps, phones)
    leak, relative = mouth.silence_leak(gap, fps, sound)
    return found | {
        "offset_ms": sync.offset_ms,
        "agreement": sync.agreement,
        "over_chance": sync.over_chance,
        "loudness": mouth.with_loudness(gap, fps, sound, sync.offset_ms),
        "closed": mouth.closed_share(gap, fps, film.facts.phonemes or phones, sync.offset_ms),
        "silence_speed": leak,
        "silence_leak": relative,
    }


def _of_pictures(film: Film, asked: Asked) -> dict[str, Value]:
    every = [asked.emotion] * len(film.seen.points) if asked.emotion else ()
    looks = picture.look(film, asked.portrait, every)
    return {
        "identity_distance": looks.distance,
        "identity_worst": looks.distance_worst,
        "identity_cosine": looks.cosine,
        "emotion": looks.emotion,
        "emotion_share": looks.asked_share,
        "emotion_score": looks.asked_score,
        "flicker": looks.flicker,
        "trembling": motion.trembling(film.seen.points, POINTS),
        "background": looks.background,
    }


def _of_speech(film: Film, asked: Asked) -> dict[str, Value]:
    if not len(film.sound):
        return {}
    speech, overall = hearing.opinion(film.sound)
    return {"speech_mos": speech, "overall_mos": overall}


def _of_words(film: Film, asked: Asked) -> dict[str, Value]:
    text = asked.text or film.facts.text
    language = asked.language if asked.text else film.facts.language
    if not text or not len(film.sound):
        return {}
    return {"word_error": hearing.word_error(film.sound, text, language)}


def _of_syncnet(film: Film, asked: Asked) -> dict[str, Value]:
    if asked.syncnet is None or not len(film.sound):
        return {}
    found = syncnet.judge(film, asked.syncnet)
    return {"lse_c": found.confidence, "lse_d": found.distance} if found else {}


def table(truth: Sequence[Scores], judged: Sequence[Scores], title: str = "") -> Table:
    """A column for the filmed people, mean and range, and one for each clip; rows that tell nothing go."""
    out = Table("measure", "better", f"filmed people ({len(truth)})", title=title or None)
    for one in judged:
        out.add_column(one.name, justify="right", overflow="fold")
    for key, (name, better, digits) in MEASURES.items():
        if any(one.values[key] is not None for one in (*truth, *judged)):
            cells = (_shown(one.values[key], digits) for one in judged)
            out.add_row(name, better, _together([one.values[key] for one in truth], digits), *cells)
    if not truth:
        out.caption = (
            "No ground truth: no number here says how good a clip is until clips of people filmed "
            "while they talk stand beside it. Give them by --truth CLIP …"
        )
    return out


def _together(values: Sequence[Value], digits: int) -> str:
    numbers = [v for v in values if isinstance(v, float)]
    if numbers:
        low, mean, high = (_shown(float(f(numbers)), digits) for f in (np.min, np.mean, np.max))
        return mean if len(numbers) == 1 else f"{mean} ({low} … {high})"
    return ", ".join(sorted({str(v) for v in values if v is not None})) or "–"


def _shown(value: Value, digits: int) -> str:
    return f"{value:.{digits}f}" if isinstance(value, float) else value or "–"
