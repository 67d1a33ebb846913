"""A process that measures: engines and avatars stay warm in it between one task and the next."""

import asyncio
import multiprocessing
import os
import resource
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Self

from backends.errors import ProsoponError
from backends.script import ScriptOptions, parse
from backends.types import NO_CUE, Emotion, TextSpan, Utterance
from benchmarks.sweep.records import Clip, Made, Parsing, Read, Talk, Task
from benchmarks.sweep.texts import one_sentence, text_of
from serve_app.config import read_tier
from serve_app.schemas import VideoRequest

_WARMING = 24
"""Characters of what is made first and does not count."""


@dataclass(frozen=True, slots=True)
class Failed:
    """Why a task came to nothing."""

    message: str
    lasting: bool
    """Whether every other task of this worker would fail the same way."""


class Worker:
    """The process, from here. Not for several threads."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._ours, theirs = context.Pipe()
        self._process = context.Process(target=_obey, args=(theirs, time.time()), daemon=True)
        # Ctrl-C goes to all processes of a terminal; whoever started this one ends it. It inherits what is blocked.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()

    def measure(self, task: Task, patience_s: float) -> Made | Read | Failed:
        """Carries a task out; the process is ended when that takes longer than `patience_s`."""
        self._ours.send(task)
        if not self._ours.poll(patience_s):
            self.close()
            return Failed(f"took longer than {patience_s:.0f} s", lasting=True)
        try:
            found: Made | Read | Failed = self._ours.recv()
        except EOFError:
            self.close()
            return Failed(f"its process ended ({self._process.exitcode})", lasting=True)
        return found

    def close(self) -> None:
        self._ours.close()
        self._process.kill()
        self._process.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _obey(tasks: Connection, began: float) -> None:
    with ExitStack() as stack, suppress(EOFError):
        bench = Bench(stack, began)
        while True:
            tasks.send(_carried_out(bench, tasks.recv()))


def _carried_out(bench: "Bench", task: Task) -> Made | Read | Failed:
    try:
        return bench.carry_out(task)
    except ProsoponError as error:
        return Failed(error.message, lasting=not bench.worked)
    except Exception as error:  # told as a finding, whatever it is
        return Failed(f"{type(error).__name__}: {error}", lasting=False)


class Bench:
    """What one process keeps warm."""

    def __init__(self, stack: ExitStack, began: float) -> None:
        """
        Args:
            began: when this process was started, in seconds since the epoch.
        """
        self._stack, self._began = stack, began
        self._runner = stack.enter_context(asyncio.Runner())
        self._folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="prosopon-")))
        self._kept: dict[Any, Any] = {}
        self.worked = False
        """Whether anything was measured yet."""

    def carry_out(self, task: Task) -> Made | Read:
        found = self._measured(task)
        self.worked = True
        return found

    def _measured(self, task: Task) -> Made | Read:
        match task:
            case Clip(kind="cold"):
                return self._clip(task, _Clock(time.time() - self._began, time.process_time()))
            case Clip():
                warming = (task.tier, task.language, task.size)
                clip = task.model_copy(update={"characters": _WARMING, "emotion": "neutral"})
                self._once(warming, lambda: self._clip(clip, _Clock()))
                return self._clip(task, _Clock())
            case Talk():
                talk = task.model_copy(update={"characters": _WARMING, "kind": "speech"})
                self._once((task.engine, task.language), lambda: self._talk(talk))
                return self._talk(task)
            case Parsing():
                return _parsed(task)
            case _:
                raise TypeError(f"{task} is not measured in a process of its own")

    def _once(self, key: Any, make: Callable[[], Any]) -> Any:
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]

    def _clip(self, task: Clip, clock: "_Clock") -> Made:
        from serve_app.local import studio

        tier = task.tier
        here = self._once(
            ("studio", tier), lambda: self._stack.enter_context(studio(read_tier(tier)))
        )
        changing = task.emotion == "changing"
        request = VideoRequest(
            tier=task.tier,
            text=text_of(task.language, task.characters, changing),
            language=task.language,
            emotion=None if changing or task.emotion == "neutral" else Emotion(task.emotion),
            size=task.size,
            fps=task.fps,
        )
        video, before_s = self._folder / "a.mp4", clock.wall_s
        clip = self._runner.run(here.make(request, video, lambda stage, done: None))
        facts = clip.facts
        return clock.made(
            sum(len(cue.text) for cue in facts.utterances),
            facts.duration_s,
            first_s=facts.first_segment_s and round(before_s + facts.first_segment_s, 4),
            stages=facts.timings,
        )

    def _talk(self, task: Talk) -> Made:
        from backends.speech import find_voice, load_engine
        from backends.speech.timeline import Timeline

        engine = self._once(("engine", task.engine), lambda: load_engine(task.engine))
        voice = find_voice(engine, None, task.language)
        clock, timeline = _Clock(), Timeline(25, lead_in_s=0.0, tail_s=0.0)
        utterances = tuple(_utterances(task))
        for utterance in utterances:
            for chunk in engine.synthesize(utterance, voice, 0):
                timeline.place(utterance, chunk)
        characters = sum(len(utterance.text) for utterance in utterances)
        made = clock.made(characters, timeline.finish().end_s)
        return made.model_copy(update={"limit": engine.info.max_characters})


def _utterances(task: Talk) -> Iterator[Utterance]:
    """What is spoken; of kind "sentence" one utterance, however long."""
    emotion = None if task.emotion == "neutral" else Emotion(task.emotion)
    if task.kind == "speech":
        options = ScriptOptions(language=task.language, emotion=emotion)
        yield from parse(text_of(task.language, task.characters), options).utterances
        return
    text = one_sentence(task.language, task.characters)
    yield Utterance(text, (TextSpan(0, len(text), NO_CUE, -1),), task.language)


def _parsed(task: Parsing) -> Read:
    text = text_of("en", task.characters, changing=True)
    options = ScriptOptions(max_characters=2 * len(text))
    parse(text[:1000], options)
    began = time.process_time()
    script = parse(text, options)
    cpu_s = time.process_time() - began
    cues = [span.cue for utterance in script.utterances for span in utterance.spans]
    return Read(characters=len(script.text), cues=len(cues), cpu_s=cpu_s)


class _Clock:
    """What passes and what is used from now on."""

    def __init__(self, wall_s: float = 0.0, cpu_s: float = 0.0) -> None:
        """
        Args:
            wall_s, cpu_s: that are to be counted already.
        """
        _forget_peak()
        self._wall = time.perf_counter() - wall_s
        self._cpu = _cpu_s() - cpu_s

    @property
    def wall_s(self) -> float:
        return time.perf_counter() - self._wall

    def made(
        self,
        characters: int,
        duration_s: float,
        first_s: float | None = None,
        stages: dict[str, float] | None = None,
    ) -> Made:
        return Made(
            characters=characters,
            wall_s=round(self.wall_s, 4),
            cpu_s=round(_cpu_s() - self._cpu, 4),
            duration_s=round(duration_s, 4),
            peak_mib=_peak_mib(),
            first_s=first_s,
            stages=stages or {},
        )


def _cpu_s() -> float:
    """Of this process, all its threads, and the children that have ended."""
    spent = os.times()
    return time.process_time() + spent.children_user + spent.children_system


def _forget_peak() -> None:
    """Lets the kernel count the largest resident memory anew (proc(5), clear_refs), where it can."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _peak_mib() -> float:
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return round(int(line.split()[1]) / 1024, 1)
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
