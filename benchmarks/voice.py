"""What the voice does under each emotion, measured on its sound, and what that costs.

    python -m benchmarks.voice [--sentences 20] [--intensities 0.5 1.0]

Prints and appends lines of JSON to benchmarks/results/voice.jsonl: one for each emotion and intensity (pitch,
its range, pace and energy against the neutral voice), one for each emotion for a cue in mid-sentence (when the voice is
half-way), one for the processor time. Pitch is tracked by librosa's pYIN, which the engine does not use.
"""

import argparse
import itertools
import statistics
import time
from collections.abc import Iterator, Sequence

import librosa
import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from backends.speech import find_voice, load_engine
from backends.speech.engine import SpeechEngine
from backends.speech.prosody import Turn, manner, spoken_in
from backends.types import NO_CUE, Cue, Emotion, Speech, TextSpan, Utterance
from benchmarks.machine import keep_also, stamp

# "|" is where the cue of a mid-sentence stands: before a word that begins with a voiced sound.
SENTENCES = (
    "We have been waiting for you all morning, | my dear old friend from the north.",
    "Many of my neighbours | leave the village before the winter.",
    "You remembered my birthday, and | you even made a cake for me.",
    "Our new manager | really wanted to know about the numbers.",
    "I am going home | now, because the rain will not end today.",
    "Nobody in the room | would believe what he had seen there.",
    "The old woman | lived alone in a yellow house near the river.",
    "They told me on Monday that | we may have to move again.",
    "This morning the mayor | was walking along the harbour wall.",
    "In the end the lawyer | never answered any of our letters.",
    "All the leaves were brown, | and the garden was empty.",
    "He gave me the money, but | I will not need it any more.",
    "My brother is a nurse, and | my sister is a lawyer in Rome.",
    "The dinner was on the table | when our visitors arrived.",
    "One of the windows | was open during the whole night.",
    "There is a letter for you, | maybe from your uncle in Vienna.",
    "I will never know | why you wanted to leave so early.",
    "The engine was running well | until we reached the mountain.",
    "Every evening the girls | would run down to the water.",
    "We are moving to a larger house | near my mother in the spring.",
)
MID_SENTENCE = (Emotion.EXCITED, Emotion.SURPRISED, Emotion.SAD, Emotion.ANGRY)
_HOP_S = 0.005
_AROUND_S = 0.3
Floats = NDArray[np.float64]


def utterance(sentence: str, before: Cue, after: Cue) -> Utterance:
    left, right = (part.strip() for part in sentence.split("|"))
    at, text = len(left) + 1, f"{left} {right}"
    return Utterance(text, (TextSpan(0, at, before, -1), TextSpan(at, len(text), after, -1)), "en")


def speak(engine: SpeechEngine, what: Utterance, seed: int) -> Speech:
    return Speech(tuple(engine.synthesize(what, find_voice(engine, None, "en"), seed)))


def semitones(chunk: Speech, hop_s: float) -> Floats:
    """(frames,) the pitch in semitones; NaN where there is none."""
    hertz, _, _ = librosa.pyin(
        chunk.samples,
        fmin=60,
        fmax=400,
        sr=chunk.sample_rate,
        frame_length=1024,
        hop_length=round(hop_s * chunk.sample_rate),
        resolution=0.2,
    )
    return np.asarray(12 * np.log2(hertz))


def decibels(chunk: Speech) -> Floats:
    """(frames,) the level over 40 ms about every _HOP_S."""
    hop = round(_HOP_S * chunk.sample_rate)
    padded = np.pad(chunk.samples.astype(np.float64) ** 2, 4 * hop)
    power = np.lib.stride_tricks.sliding_window_view(padded, 8 * hop)[::hop].mean(axis=1)
    return np.asarray(10 * np.log10(power + 1e-9))


def melody(chunk: Speech) -> Floats:
    """(phonemes,) semitones in the middle of each; NaN where there are none."""
    middles = np.array([(start_s + end_s) / 2 for _, start_s, end_s in chunk.phonemes])
    return at(semitones(chunk, _HOP_S), middles)


def against(cued: Speech, plain: Speech, plain_melody: Floats) -> dict[str, float]:
    """Pitch, its range, pace and energy, against the same sentence spoken plainly, phoneme beside phoneme."""
    pair = np.stack([melody(cued), plain_melody])
    pair = pair[:, ~np.isnan(pair).any(axis=0)]
    low, high = np.percentile(pair, [10, 90], axis=1)
    spoken_s = [sum(b - a for p, a, b in c.phonemes if p != "_") for c in (cued, plain)]
    power = [np.mean(c.samples.astype(np.float64) ** 2) for c in (cued, plain)]
    return {
        "pitch_semitones": float(np.median(pair[0] - pair[1])),
        "pitch_range": float((high - low)[0] / (high - low)[1]),
        "rate": spoken_s[1] / spoken_s[0],
        "energy_db": float(10 * np.log10(power[0] / power[1])),
    }


def manners(
    engine: SpeechEngine,
    sentences: Sequence[str],
    emotions: Sequence[Emotion],
    intensities: Sequence[float],
) -> Iterator[dict[str, object]]:
    """A row for each emotion and intensity: medians over the sentences, against the neutral voice."""
    texts = list(enumerate(sentences))
    plain = [speak(engine, utterance(s, NO_CUE, NO_CUE), i) for i, s in texts]
    melodies = [melody(chunk) for chunk in plain]
    for emotion in emotions:
        for intensity in intensities:
            cue = Cue.of(emotion, intensity)
            changes = [
                against(speak(engine, utterance(s, cue, cue), i), plain[i], melodies[i])
                for i, s in texts
            ]
            asked = manner(cue)
            yield {
                "emotion": emotion.value,
                "intensity": intensity,
                "measured": {
                    name: round(statistics.median(c[name] for c in changes), 3)
                    for name in changes[0]
                },
                "asked": {name: round(getattr(asked, name), 3) for name in changes[0]},
            }


def turnings(engine: SpeechEngine, sentences: Sequence[str]) -> Iterator[dict[str, object]]:
    """A row for each emotion: when a voice that turns from neutral in mid-sentence is half-way."""
    texts = list(enumerate(sentences))
    plain = [speak(engine, utterance(s, NO_CUE, NO_CUE), i) for i, s in texts]
    tracks = [(semitones(chunk, _HOP_S), decibels(chunk)) for chunk in plain]
    for emotion in MID_SENTENCE:
        steps: list[list[Floats]] = [[], []]
        for i, sentence in texts:
            cued = speak(engine, utterance(sentence, NO_CUE, Cue.of(emotion)), i)
            for kind, track in enumerate((semitones(cued, _HOP_S), decibels(cued))):
                steps[kind].append(change_about_the_cue(cued, track, plain[i], tracks[i][kind]))
        pitch, energy = (np.nanmedian(np.array(kind), axis=0) for kind in steps)
        yield {
            "emotion": emotion.value,
            "half_way_ms": {"pitch": half_way_ms(pitch), "energy": half_way_ms(energy)},
        }


def change_about_the_cue(cued: Speech, track: Floats, plain: Speech, plain_track: Floats) -> Floats:
    """What the cue changes, every _HOP_S from _AROUND_S before its word's onset, phoneme beside phoneme."""
    times = cued.cues[1].start_s + np.arange(-_AROUND_S, _AROUND_S, _HOP_S)
    edges, plain_edges = (
        [0.0, *(end_s for _, _, end_s in chunk.phonemes)] for chunk in (cued, plain)
    )
    there = np.interp(times, edges, plain_edges)
    return np.asarray(at(track, times) - at(plain_track, there))


def at(track: Floats, times: Floats) -> Floats:
    return track[np.clip(np.rint(times / _HOP_S).astype(np.intp), 0, len(track) - 1)]


def half_way_ms(change: Floats) -> float:
    """When a change that goes from one level to another is half-way, against the middle of the stretch."""
    third = len(change) // 3
    before, after = np.nanmean(change[:third]), np.nanmean(change[-third:])
    share = np.convolve((change - before) / (after - before), np.ones(5) / 5, "valid")
    over = np.flatnonzero(share >= 0.5)
    under = np.flatnonzero(share < 0.5)
    crossing = (over[over > under[0]].min() + under[under < over[-1]].max()) / 2
    return round(float((crossing + 2) * _HOP_S - _AROUND_S) * 1000, 1)


def cost(engine: SpeechEngine, sentences: Sequence[str]) -> dict[str, object]:
    """Processor seconds for a second of speech: of the neutral voice, and of what a cue adds."""
    own, added, spoken = 0.0, 0.0, 0.0
    turn = Turn(0, manner(Cue.of(Emotion.FEARFUL)))  # asks for everything that costs
    for i, sentence in enumerate(sentences):
        began = time.thread_time()
        chunk = speak(engine, utterance(sentence, NO_CUE, NO_CUE), i)
        middle = time.thread_time()
        spoken_in(chunk.samples, chunk.sample_rate, [turn], i)
        own += middle - began
        added += time.thread_time() - middle
        spoken += chunk.duration_s
    return {
        "voice_cpu_s": round(own / spoken, 4),
        "added_cpu_s": round(added / spoken, 4),
        "added_share": round(added / own, 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sentences", type=int, default=len(SENTENCES))
    parser.add_argument("--intensities", type=float, nargs="+", default=[0.5, 1.0])
    parser.add_argument(
        "--emotions",
        type=Emotion,
        nargs="+",
        default=[emotion for emotion in Emotion if emotion != Emotion.NEUTRAL],
        help="whose manner of speaking is measured",
    )
    asked = parser.parse_args()
    sentences = SENTENCES[: asked.sentences]
    engine = load_engine("piper")
    speak(engine, utterance(sentences[0], NO_CUE, Cue.of(Emotion.SAD)), 0)  # imports
    head = {
        **stamp(),
        "engine": engine.info.name,
        "sentences": len(sentences),
    }
    rows = itertools.chain(
        [cost(engine, sentences)],
        turnings(engine, sentences),
        manners(engine, sentences, asked.emotions, asked.intensities),
    )
    for row in rows:
        Console().print(row)
        keep_also("voice", {**head, **row})


if __name__ == "__main__":
    main()
