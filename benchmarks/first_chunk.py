"""How soon a long text begins to sound, and what memory a speech engine needs by itself.

    python -m benchmarks.first_chunk [--engine piper] [--language en] [--rounds 5]

The process holds nothing but the engine. Prints, and writes to results/first_chunk.json, medians over the rounds
of the seconds from text to first chunk (warm; the first one of the process besides), and resident memory before the
engine, with it, and after the whole text.
"""

import argparse
import statistics
import time
from itertools import islice

import psutil
from rich.console import Console

from backends.script import parse
from backends.speech import find_voice, load_engine
from backends.speech.engine import SpeechEngine, Voice
from benchmarks.machine import keep, stamp
from benchmarks.words import SENTENCES

TEXT = " ".join(SENTENCES)


def first_chunk(engine: SpeechEngine, voice: Voice) -> tuple[float, float]:
    """Wall and processor seconds from the text to the first sound."""
    began, cpu = time.perf_counter(), time.process_time()
    utterances = parse(TEXT).utterances
    [_] = islice(engine.synthesize(utterances[0], voice, 0), 1)
    return time.perf_counter() - began, time.process_time() - cpu


def resident_mib() -> float:
    return round(float(psutil.Process().memory_info().rss) / 2**20, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--engine", default="piper")
    parser.add_argument("--language", default="en")
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    memory = {"before": resident_mib()}
    engine = load_engine(asked.engine)
    voice = find_voice(engine, None, asked.language)
    cold = first_chunk(engine, voice)
    memory["with the engine"] = resident_mib()
    warm = [first_chunk(engine, voice) for _ in range(asked.rounds)]
    for utterance in parse(TEXT).utterances:
        for _ in engine.synthesize(utterance, voice, 0):
            pass
    memory["after the text"] = resident_mib()
    wall, cpu = (statistics.median(column) for column in zip(*warm, strict=True))
    report = {
        **stamp(),
        "engine": asked.engine,
        "characters": len(TEXT),
        "first_chunk_s": round(wall, 3),
        "first_chunk_cpu_s": round(cpu, 3),
        "cold_first_chunk_s": round(cold[0], 3),
        "resident_mib": memory,
    }
    Console().print(report)
    keep("first_chunk", report)


if __name__ == "__main__":
    main()
