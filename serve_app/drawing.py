"""What the Director has drawn: the planner of a clip, its segments, and the visible mark of what a model made."""

from typing import Any

import numpy as np

from backends.composition.captions import caption_lines
from backends.composition.label import CARD_S, Label, Mark
from backends.performance import Planner
from backends.performance.driving import DrivenPlanner, Reenactment
from backends.types import Performance, PhonemeSpan, SpeechChunk
from serve_app.clients import DrawTask
from serve_app.config import TierConfig
from serve_app.heard import Heard
from serve_app.kept import segment_key
from serve_app.work import Checked, Work


def planner_of(checked: Checked) -> Planner | DrivenPlanner | Reenactment:
    request, driving = checked.request, checked.driving
    if driving is not None and checked.voice is None and checked.recording is None:
        return Reenactment(driving.performance)
    planner = Planner(request.fps, request.seed, request.performance_options())
    return DrivenPlanner(planner, driving.performance) if driving is not None else planner


def draw_task(work: Work, frames: range, heard: Heard, plan: Any) -> DrawTask:
    """What the segment of these frames is drawn from; all of it is known and stays as it is."""
    request = work.checked.request
    burned = caption_lines(work.said) if request.captions == "burn" else ()
    begin_s, end_s = frames.start / request.fps, frames.stop / request.fps
    rows = Performance.join(
        [r for r in work.rows if r.start < frames.stop and r.end > frames.start]
    )
    return DrawTask(
        portrait=request.portrait,
        framing=request.framing(),
        performance=rows.slice(frames.start, frames.stop),
        plan=None if plan is None else plan.slice(frames.start, frames.stop),
        speech=heard.around(begin_s, end_s),
        seed=request.seed,
        settings=work.settings,
        captions=tuple(c for c in burned if c.start_s < end_s and c.end_s > begin_s),
        label=_mark(work, frames),
        key=segment_key(work.prefix, frames.start),
        source=work.source,
    )


def label_of(checked: Checked, tier: TierConfig) -> Label:
    """The request's, or the tier's where it asks for none; a card needs a sound that can be made longer."""
    wanted: Label = tier.label if checked.request.label == "off" else checked.request.label
    silent = checked.voice is None and checked.recording is None
    return "corner" if wanted == "end" and silent else wanted


def card_silence(work: Work, last: SpeechChunk) -> SpeechChunk:
    """What is heard behind the last chunk while the card at the end stands."""
    work.card_from = round(last.end_s * work.checked.request.fps)
    samples = np.zeros(round(CARD_S * last.sample_rate), np.float32)
    phonemes = (PhonemeSpan("_", last.end_s, last.end_s + CARD_S),)
    return SpeechChunk(samples, last.sample_rate, phonemes, (), (), last.end_s)


def _mark(work: Work, frames: range) -> Mark | None:
    language = work.checked.language
    if work.label == "corner":
        return Mark(language)
    shown = work.card_from is not None and work.card_from < frames.stop
    return Mark(language, work.card_from) if shown else None
