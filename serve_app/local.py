"""The whole graph in this process: what the command line, notebooks and benchmarks use."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from backends.animation import load_engine as load_animation_engine
from backends.errors import ProsoponError
from backends.speech import load_engine as load_speech_engine
from serve_app.catalogue import TierFacts
from serve_app.clients import Stages
from serve_app.config import TierConfig, check_licence, home, read_tier, tier_names
from serve_app.deployments import Animation, Composition, Parser, Speech
from serve_app.director import Director
from serve_app.schemas import Report, VideoRequest
from serve_app.storage import FolderStorage, Storage
from serve_app.work import Clip


def local_stages(tier: TierConfig, storage: Storage) -> Stages:
    """Stages that run in threads of this process, drawing as many segments at once as there are cores."""
    cores = len(os.sched_getaffinity(0))
    return Stages(
        parser=Parser(),
        speech=Speech(tier.speech, storage),
        animation=Animation(tier.animation, storage, parallel=cores),
        composition=Composition(storage),
    )


def describe(tier: TierConfig) -> TierFacts:
    """What a tier offers, found by loading its engines.

    Raises:
        EngineError: an engine's packages or weights are missing; the message names the command that brings them.
    """
    speech = load_speech_engine(tier.speech.engine, tier.speech.options)
    animation = load_animation_engine(tier.animation.engine, tier.animation.options)
    check_licence(tier.animation, animation.info.licence, f"the engine {tier.animation.engine}")
    return TierFacts(tier.title, speech.info, animation.info, tier.max_characters)


def local_tiers() -> dict[str, TierFacts | ProsoponError]:
    """Every shipped tier with what it offers here, or with what keeps it from working."""
    found: dict[str, TierFacts | ProsoponError] = {}
    for name in tier_names():
        try:
            found[name] = describe(read_tier(name))
        except ProsoponError as error:
            found[name] = error
    return found


class Studio:
    """Makes clips here, one after another; engines and prepared avatars stay warm between them."""

    def __init__(self, tier: TierConfig, workplace: Path) -> None:
        self.storage = FolderStorage(workplace)
        self.director = Director(local_stages(tier, self.storage), self.storage, tier)
        self._made = 0

    async def make(self, request: VideoRequest, output: Path, report: Report) -> Clip:
        """Makes the clip and moves it to `output`; `clip.facts.path` says so."""
        prefix = f"clips/{self._made:06d}"
        self._made += 1
        try:
            clip = await self.director.make(request, prefix, report)
            shutil.move(self.storage.path(clip.video), output)
        finally:
            self.storage.delete(prefix)
        facts = clip.facts.model_copy(update={"path": str(output)})
        return replace(clip, facts=facts)


@contextmanager
def studio(tier: TierConfig) -> Iterator[Studio]:
    """A studio whose working files go when it closes."""
    temporary = home() / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=temporary, prefix="clip-") as folder:
        yield Studio(tier, Path(folder))
