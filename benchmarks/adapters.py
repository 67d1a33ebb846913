"""What a speech engine costs beside its model's own inference: words, alignment, level, emotion, timings.

    python -m benchmarks.adapters [--engine piper] [--options '{"threads": 1}'] [--language en] [--sentences 6]

Each sentence is spoken plainly and under a cue that asks for all that a voice can change. Prints, and appends as a line
of JSON to results/adapters.jsonl, the processor time of inference and of everything else for a second of speech.
"""

import argparse
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console

from backends.speech import find_voice, load_engine
from backends.types import NO_CUE, Cue, Emotion, Speech, TextSpan, Utterance
from benchmarks.alignment import GREEK
from benchmarks.machine import machine
from benchmarks.voice import SENTENCES

RESULTS = Path(__file__).parent / "results" / "adapters.jsonl"
INFERENCE = {
    "espnet": "backends.speech.espnet_model:EspnetModel.run",
    "kokoro": "backends.speech.kokoro_model:KokoroModel.run",
    "piper": "backends.speech.piper_model:_run",
    "xtts": "backends.speech.xtts_model:XttsModel.run",
}
"""Where each engine calls its model."""
CUES = {"plain": NO_CUE, "fearful": Cue.of(Emotion.FEARFUL)}


class Stopwatch:
    """Processor seconds of a function, in all threads of the process."""

    def __init__(self, place: str) -> None:
        module, _, path = place.partition(":")
        *owners, name = path.split(".")
        owner = import_module(module)
        for part in owners:
            owner = getattr(owner, part)
        self.seconds = 0.0
        setattr(owner, name, self._timed(getattr(owner, name)))

    def _timed(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **options: Any) -> Any:
            began = time.process_time()
            try:
                return function(*args, **options)
            finally:
                self.seconds += time.process_time() - began

        return timed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--engine", default="piper", choices=sorted(INFERENCE))
    parser.add_argument("--options", default="{}", type=json.loads)
    parser.add_argument("--language", default="en")
    parser.add_argument("--sentences", type=int, default=6)
    asked = parser.parse_args()
    texts = GREEK if asked.language == "el" else [s.replace("| ", "") for s in SENTENCES]
    watch = Stopwatch(INFERENCE[asked.engine])
    engine = load_engine(asked.engine, asked.options)
    voice = find_voice(engine, None, asked.language)
    costs: dict[str, dict[str, float]] = {}
    for name, cue in CUES.items():
        spoken_s, own_s, all_s = 0.0, 0.0, 0.0
        for i, text in enumerate([texts[0], *texts[: asked.sentences]]):
            what = Utterance(text, (TextSpan(0, len(text), cue, -1),), asked.language)
            watch.seconds, began = 0.0, time.process_time()
            speech = Speech(tuple(engine.synthesize(what, voice, i)))
            if i:  # the first one loads what is loaded once
                all_s += time.process_time() - began
                own_s += watch.seconds
                spoken_s += speech.duration_s
        costs[name] = {
            "inference_cpu_s": round(own_s / spoken_s, 4),
            "beside_cpu_s": round((all_s - own_s) / spoken_s, 4),
            "share": round((all_s - own_s) / own_s, 4),
        }
    report = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "version": version("prosopon"),
        "machine": machine(),
        "engine": asked.engine,
        "language": asked.language,
        "sentences": asked.sentences,
        **costs,
    }
    Console().print(report)
    RESULTS.parent.mkdir(exist_ok=True)
    with RESULTS.open("a", encoding="utf-8") as file:
        file.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main()
