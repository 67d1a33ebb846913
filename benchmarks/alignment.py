"""How well recorded speech is followed: its phones in time, the lips' closures, stillness in silence.

    python -m benchmarks.alignment [--sentences 12]

Sentences are spoken by engines whose timings are exact, then treated as recordings: as they are, and with noise
25 dB below them as an MP3 of 64 kbit/s. Writes benchmarks/results/alignment.json: for each voice and treatment the
boundaries' errors of the aligner and of its fallback, and the share of p, b and m whose lips meet, with and without the
transcript; how far a mouth moves in silence; and the processor time for a second of sound.
"""

import argparse
import io
import time
from collections.abc import Iterator, Sequence
from typing import Any

import av
import numpy as np
import soxr
from rich.console import Console

from backends.performance.planner import plan_speech
from backends.performance.speech import LEAD_S
from backends.speech import find_voice, load_engine
from backends.speech.aligners import HeardAligner
from backends.speech.alignment import Aligner, Spelled
from backends.speech.engine import SpeechEngine
from backends.speech.listening import Followed, follow, spoken
from backends.speech.phones import Phone
from backends.speech.recorded import Recording, open_recording
from backends.speech.ruled import RuledAligner
from backends.types import NO_CUE, FloatArray, PhonemeSpan, Speech, SpeechChunk, TextSpan, Utterance
from benchmarks.machine import keep, stamp
from benchmarks.voice import SENTENCES

GREEK = (
    "Καλημέρα σε όλους, πώς είστε σήμερα;",
    "Το τρένο για τη Θεσσαλονίκη φεύγει στις οκτώ το βράδυ.",
    "Η μητέρα μου μαγείρεψε ψάρι με πατάτες και σαλάτα.",
    "Πού βρίσκεται το πιο κοντινό φαρμακείο;",
    "Δεν μπορώ να πιστέψω ότι τελείωσε το καλοκαίρι.",
    "Ο παππούς διάβαζε εφημερίδα κάθε πρωί στο μπαλκόνι.",
    "Αύριο θα πάμε όλοι μαζί στη θάλασσα για μπάνιο.",
    "Η κυβέρνηση ανακοίνωσε νέα μέτρα για την οικονομία.",
    "Μου αρέσει πολύ η μουσική και ο χορός.",
    "Το παιδί έτρεχε στο πάρκο και έπαιζε με την μπάλα του.",
    "Χρειάζομαι δύο εισιτήρια για την παράσταση του Σαββάτου.",
    "Ποιος άφησε ανοιχτή την πόρτα του σπιτιού;",
)
VOICES = {
    "piper, English": ("piper", None, "en"),
    "kokoro, English": ("kokoro", "kokoro:af_heart", "en"),
    "kokoro, Greek": ("kokoro", None, "el"),
    "piper, Greek with an English accent": ("piper", None, "el"),
}
FPS = 25
NOISE_DB = -25.0
MET = 0.8
"""Closure from which on lips count as meeting."""
SILENCE_S = 20


def utterances(language: str, count: int) -> list[Utterance]:
    texts = GREEK if language == "el" else [s.replace("| ", "") for s in SENTENCES]
    return [Utterance(t, (TextSpan(0, len(t), NO_CUE, -1),), language) for t in texts[:count]]


def say(engine: SpeechEngine, voice: str | None, what: Utterance, seed: int) -> Speech:
    return Speech(tuple(engine.synthesize(what, find_voice(engine, voice, what.language), seed)))


def encoded(samples: FloatArray, rate: int, container: str, codec: str) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream: Any = output.add_stream(codec, rate)
        stream.layout, stream.bit_rate = "mono", 64_000
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[None]), "fltp", "mono")
        frame.sample_rate, frame.pts = rate, 0
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return file.getvalue()


def recordings(chunk: Speech, seed: int) -> Iterator[tuple[str, Recording]]:
    yield (
        "clean",
        open_recording(encoded(chunk.samples, chunk.sample_rate, "wav", "pcm_s16le")),
    )
    samples = soxr.resample(chunk.samples, chunk.sample_rate, 22_050)
    level = np.sqrt(np.mean(samples**2)) * 10 ** (NOISE_DB / 20)
    noisy = samples + np.random.default_rng(seed).normal(0, level, len(samples))
    yield "mp3 64k, noise", open_recording(encoded(noisy.astype(np.float32), 22_050, "mp3", "mp3"))


def as_said(text: Utterance, truth: Speech) -> Spelled:
    """The phones that the voice really said: those that a text stands for differ from voice to voice."""
    said = (phoneme for phoneme, _, _ in truth.phonemes if phoneme != "_")
    return Spelled(text, tuple(Phone(phoneme, 0, 0) for phoneme in said), ())


def onset_errors(spans: Sequence[PhonemeSpan], truth: Speech) -> list[float]:
    """Seconds, of each phone."""
    said = [span for span in truth.phonemes if span.phoneme != "_"]
    found = [span for span in spans if span.phoneme != "_"]
    return [f.start_s - s.start_s for f, s in zip(found, said, strict=True)]


def closures(chunks: Sequence[SpeechChunk], truth: Speech) -> list[bool]:
    """Of each p, b and m truly spoken: whether the planned lips meet while they should."""
    closure = plan_speech(Speech(tuple(chunks)), FPS).extra["closure"]
    met = []
    for phoneme, start_s, end_s in truth.phonemes:
        if phoneme[:1] in "pbm":
            first = int(np.floor((start_s - LEAD_S) * FPS - 0.5))
            last = int(np.ceil((end_s - LEAD_S) * FPS - 0.5))
            met.append(float(closure[max(first, 0) : last + 1].max(initial=0.0)) >= MET)
    return met


def chunks_of(recording: Recording, followed: Followed) -> list[SpeechChunk]:
    return [chunk for _, chunk in spoken(recording, followed, NO_CUE, "und", FPS)]


def summary(errors: Sequence[float]) -> dict[str, object]:
    size = np.abs(errors)
    return {
        "phones": len(errors),
        "bias_ms": round(float(np.median(errors)) * 1000, 1),
        "median_ms": round(float(np.median(size)) * 1000, 1),
        "p95_ms": round(float(np.percentile(size, 95)) * 1000, 1),
    }


def follow_voice(name: str, count: int) -> Iterator[dict[str, object]]:
    """A row for each treatment of a voice's sentences."""
    engine_name, voice, language = VOICES[name]
    engine = load_engine(engine_name)
    texts = utterances(language, count)
    truths = [say(engine, voice, text, i) for i, text in enumerate(texts)]
    gathered: dict[str, dict[str, list[float]]] = {}
    for i, (text, truth) in enumerate(zip(texts, truths, strict=True)):
        for treatment, recording in recordings(truth, i):
            row = gathered.setdefault(treatment, {})
            followed = follow(recording, [text])
            aligners: tuple[Aligner, ...] = (HeardAligner(), RuledAligner())
            for aligner in aligners:
                spans = aligner.align(recording.pieces, [as_said(text, truth)]).spans
                row.setdefault(aligner.name, []).extend(onset_errors(spans, truth))
            with_text = closures(chunks_of(recording, followed), truth)
            by_ear = closures(chunks_of(recording, follow(recording, [])), truth)
            row.setdefault("with", []).extend(with_text)
            row.setdefault("without", []).extend(by_ear)
    for treatment, row in gathered.items():
        yield {
            "voice": name,
            "treatment": treatment,
            "aligner": summary(row["hama"]),
            "fallback": summary(row["rules"]),
            "closures": len(row["with"]),
            "met_with_transcript": round(float(np.mean(row["with"])), 3),
            "met_without": round(float(np.mean(row["without"])), 3),
        }


def silence() -> dict[str, object]:
    """How far the jaw moves over digital silence and over faint noise."""
    noise = np.random.default_rng(0).normal(0, 0.003, SILENCE_S * 22_050).astype(np.float32)
    moved = {}
    for name, samples in (("digital", np.zeros_like(noise)), ("noise", noise)):
        recording = open_recording(encoded(samples, 22_050, "wav", "pcm_s16le"))
        rows = plan_speech(Speech(tuple(chunks_of(recording, follow(recording, [])))), FPS)
        jaw = rows.channel("jawOpen")[FPS:-FPS]
        moved[name] = round(float(jaw.max() - jaw.min()), 4)
    return {"jaw_moves_in_silence": moved}


def cost(count: int) -> dict[str, object]:
    """Processor seconds for a second of sound."""
    engine = load_engine("piper")
    texts = utterances("en", count)
    chunks = [say(engine, None, text, i) for i, text in enumerate(texts)]
    samples = np.concatenate([chunk.samples for chunk in chunks])
    recording = open_recording(encoded(samples, chunks[0].sample_rate, "wav", "pcm_s16le"))
    began = time.process_time()
    follow(recording, texts)
    middle = time.process_time()
    follow(recording, [])
    ended = time.process_time()
    return {
        "with_transcript_cpu_s": round((middle - began) / recording.duration_s, 3),
        "without_cpu_s": round((ended - middle) / recording.duration_s, 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sentences", type=int, default=12)
    count = parser.parse_args().sentences
    rows = []
    for name in VOICES:
        for row in follow_voice(name, count):
            Console().print(row)
            rows.append(row)
    result = {
        **stamp(),
        "sentences": count,
        "voices": rows,
        **silence(),
        "cost": cost(min(count, 6)),
    }
    Console().print(result)
    keep("alignment", result)


if __name__ == "__main__":
    main()
