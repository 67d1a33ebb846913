"""Clips of the real lightweight tier, made once in this process; all golden tests look at them."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import av
import pytest

from backends.script import parse
from backends.speech.timeline import Timeline
from backends.types import FloatArray, PhonemeSpan, Speech, SpeechChunk
from serve_app.config import TierConfig, read_tier
from serve_app.kept import Kept as KeptFiles
from serve_app.local import Studio, studio
from serve_app.schemas import Stage, VideoRequest
from serve_app.work import Clip


@dataclass(frozen=True, slots=True)
class Sentence:
    source: str
    spoken: str
    emotions: tuple[str, ...]
    """One per stretch under one cue."""
    portrait: str = "preset:astronaut"
    size: int = 512
    fps: int = 25


SENTENCES: Mapping[str, Sentence] = {
    "share": Sentence(
        "Hello [happy] everyone! I'm [excited] to share this news with you.",
        "Hello everyone! I'm excited to share this news with you.",
        ("neutral", "happy", "happy", "excited"),
    ),
    "inform": Sentence(
        "I'm [sad] to inform you that [serious] we need to postpone the meeting.",
        "I'm sad to inform you that we need to postpone the meeting.",
        ("neutral", "sad", "serious"),
    ),
    "wow": Sentence(
        "[Surprised] Wow! That's [amazed] absolutely incredible!",
        "Wow! That's absolutely incredible!",
        ("surprised", "surprised", "amazed"),
        size=384,
        fps=30,
    ),
    "greek": Sentence(
        "Καλημέρα [χαρούμενη] σε όλους!",
        "Καλημέρα σε όλους!",
        ("neutral", "happy"),
        portrait="preset:hopper",
        size=384,
        fps=24,
    ),
    "lips": Sentence(
        "My baby brother Bob may buy a purple pump, but mama prefers apples.",
        "My baby brother Bob may buy a purple pump, but mama prefers apples.",
        ("neutral",),
        size=384,
    ),
}


@dataclass(frozen=True, slots=True)
class Kept:
    """A clip with all that was made on the way."""

    clip: Clip
    path: Path
    samples: FloatArray
    """(n,) speech, in pieces as spoken."""
    sample_rate: int

    @property
    def phonemes(self) -> list[PhonemeSpan]:
        return [PhonemeSpan(p.phoneme, p.start_s, p.end_s) for p in self.clip.facts.phonemes]

    @property
    def video_stream(self) -> bytes:
        return packets(self.path, "video")

    @property
    def audio_stream(self) -> bytes:
        return packets(self.path, "audio")


def packets(path: Path, kind: str) -> bytes:
    """A track's packets, one after another."""
    with av.open(path) as container:
        (track,) = container.streams.get({kind: 0})
        return b"".join(bytes(packet) for packet in container.demux(track))


class Workshop:
    """A studio on one event loop, which keeps what it makes until it closes."""

    def __init__(self, studio: Studio, runner: asyncio.Runner) -> None:
        self.studio, self._runner, self._names = studio, runner, count()

    def make(self, *requests: VideoRequest) -> list[Kept]:
        """Several requests are carried out at the same time."""

        async def together() -> list[Kept]:
            return list(await asyncio.gather(*(self._make(r) for r in requests)))

        return self._runner.run(together())

    async def _make(self, request: VideoRequest) -> Kept:
        prefix = f"kept/{next(self._names)}"
        clip = await self.studio.director.make(request, prefix, silent)
        path = self.studio.storage.path(clip.video)
        speech = self._speech(request, prefix)
        return Kept(clip, path, speech.samples, speech.sample_rate)

    def _speech(self, request: VideoRequest, prefix: str) -> Speech:
        """What was spoken, out of what is kept of each utterance."""
        timeline, chunks = Timeline(request.fps), list[SpeechChunk]()
        kept = KeptFiles(self.studio.storage, prefix)
        for index, utterance in enumerate(
            parse(request.text, request.script_options(10_000)).utterances
        ):
            spoken, whole = kept.speech(index)
            assert whole
            chunks += [timeline.place(utterance, chunk) for chunk in spoken]
        return Speech((*chunks, timeline.finish()))

    def deliver(self, request: VideoRequest, output: Path) -> Clip:
        """As the command line does: only the clip stays."""
        return self._runner.run(self.studio.make(request, output, silent))


def silent(stage: Stage, progress: float) -> None:
    """Nobody is told how far the work is."""


@pytest.fixture(scope="session")
def tier() -> TierConfig:
    return read_tier("lightweight")


@pytest.fixture(scope="session")
def workshop(tier: TierConfig, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """In a home of its own: it stays open while other tests look at what is left in theirs."""
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        patch.setenv("PROSOPON_HOME", str(tmp_path_factory.mktemp("golden")))
        made = stack.enter_context(studio(tier))
        runner = stack.enter_context(asyncio.Runner())
        patch.undo()
        yield Workshop(made, runner)


@pytest.fixture(scope="session")
def clips(workshop: Workshop) -> Mapping[str, Kept]:
    """The sentences, spoken."""
    made = (workshop.make(request_of(s))[0] for s in SENTENCES.values())
    return dict(zip(SENTENCES, made, strict=True))


def request_of(sentence: Sentence) -> VideoRequest:
    return VideoRequest(
        text=sentence.source,
        portrait=sentence.portrait,
        size=sentence.size,
        fps=sentence.fps,
    )


@pytest.fixture(params=SENTENCES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def sentence(name: str) -> Sentence:
    return SENTENCES[name]


@pytest.fixture
def kept(clips: Mapping[str, Kept], name: str) -> Kept:
    return clips[name]
