"""What a speech engine costs beside its model's own inference: words, alignment, level, emotion, timings.

    python -m benchmarks.adapters [--engine piper] [--options '{"threads": 1}'] [--language en] [--sentences 6]

ESPnet and XTTS without options run on random weights of their published models' size, which hum as long as a voice
would speak. Each sentence is spoken plainly and under a cue that asks for all that a voice can change. Prints, and
appends as a line of JSON to results/adapters.jsonl, the processor time for a second of speech of inference, of the
recogniser that hears the times of engines that give none, and of everything else.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any

from rich.console import Console

from backends.speech import find_voice, load_engine
from backends.types import NO_CUE, Cue, Emotion, Speech, TextSpan, Utterance
from benchmarks.alignment import GREEK
from benchmarks.machine import keep_also, stamp
from benchmarks.voice import SENTENCES

INFERENCE = {
    "espnet": "backends.speech.espnet_model:EspnetModel.run",
    "kokoro": "backends.speech.kokoro_model:KokoroModel.run",
    "piper": "backends.speech.piper_model:_run",
    "xtts": "backends.speech.xtts_model:XttsModel.run",
}
"""Where each engine calls its model."""
HEARING = "backends.speech.hearing:_run"
CUES = {"plain": NO_CUE, "fearful": Cue.of(Emotion.FEARFUL)}


_LAYOUTS = Path(__file__).parents[1] / "tests" / "unit" / "speech"
_FRAMES = 100
"""Of XTTS's language model for each sentence: 4.6 s, as these take."""


def _espnet(folder: Path) -> dict[str, Any]:
    from tests.contract.small_espnet import IPA, vits

    layout = json.loads((_LAYOUTS / "espnet_vits_layout.json").read_text("utf-8"))
    vits(folder, IPA, "espeak_ng", **layout["generator_params"])
    files = {"train_config": folder / "config.yaml", "model_file": folder / "model.pth"}
    return {"voices": {"humming": files}, "device": "cpu"}


def _xtts(folder: Path) -> dict[str, Any]:
    from tests.contract.small_xtts import xtts

    layout = json.loads((_LAYOUTS / "xtts_v2_layout.json").read_text("utf-8"))["model_args"]
    own = ("gpt_number_text_tokens", "gpt_start_text_token", "gpt_stop_text_token")
    sizes = {name: size for name, size in layout.items() if name not in own}
    xtts(folder, **sizes | {"gpt_max_audio_tokens": _FRAMES})
    return {"checkpoint": folder, "accept_licence": True, "device": "cpu"}


PUBLISHED: Mapping[str, Callable[[Path], dict[str, Any]]] = MappingProxyType(
    {"espnet": _espnet, "xtts": _xtts}
)
"""Weights that are not here, made at random in their published size; with the options that load them."""


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
    watch, heard = Stopwatch(INFERENCE[asked.engine]), Stopwatch(HEARING)
    with tempfile.TemporaryDirectory() as folder:
        made = asked.engine in PUBLISHED and not asked.options
        options = PUBLISHED[asked.engine](Path(folder)) if made else asked.options
        engine = load_engine(asked.engine, options)
    voice = find_voice(engine, None, asked.language)
    costs: dict[str, dict[str, float]] = {}
    for name, cue in CUES.items():
        spoken_s, own_s, heard_s, all_s = 0.0, 0.0, 0.0, 0.0
        for i, text in enumerate([texts[0], *texts[: asked.sentences]]):
            what = Utterance(text, (TextSpan(0, len(text), cue, -1),), asked.language)
            watch.seconds = heard.seconds = 0.0
            began = time.process_time()
            speech = Speech(tuple(engine.synthesize(what, voice, i)))
            if i:  # the first one loads what is loaded once
                all_s += time.process_time() - began
                own_s += watch.seconds
                heard_s += heard.seconds
                spoken_s += speech.duration_s
        beside_s = all_s - own_s - heard_s
        costs[name] = {
            "inference_cpu_s": round(own_s / spoken_s, 4),
            "hearing_cpu_s": round(heard_s / spoken_s, 4),
            "beside_cpu_s": round(beside_s / spoken_s, 5),
            "share": round(beside_s / own_s, 4),
        }
    report = {
        **stamp(),
        "engine": asked.engine,
        "weights": "random, of the published size" if made else "published",
        "language": asked.language,
        "sentences": asked.sentences,
        **costs,
    }
    Console().print(report)
    keep_also("adapters", report)


if __name__ == "__main__":
    main()
