"""One tier as a whole: what a replica of its Director does."""

from backends.script import ScriptOptions
from backends.types import Script
from serve_app.catalogue import PortraitCheck, TierFacts
from serve_app.clients import Stages
from serve_app.config import TierConfig
from serve_app.director import Director, notices
from serve_app.jobs import Jobs
from serve_app.runner import Runner
from serve_app.schemas import NoticeModel, VideoRequest
from serve_app.storage import Storage


class Tier:
    """Answers the gateway's questions and, while `run` runs, takes the tier's jobs."""

    def __init__(self, config: TierConfig, stages: Stages, storage: Storage, jobs: Jobs) -> None:
        self._config = config
        self._stages = stages
        self._director = Director(stages, storage, config)
        self._runner = Runner(self._director, jobs, storage, config.tier)

    async def describe(self) -> TierFacts:
        return TierFacts(
            title=self._config.title,
            speech=await self._stages.speech.describe(),
            animation=await self._stages.animation.describe(),
            max_characters=self._config.max_characters,
        )

    async def check(self, request: VideoRequest) -> tuple[NoticeModel, ...]:
        return notices(await self._director.check(request))

    async def parse(self, text: str, options: ScriptOptions) -> Script:
        return await self._stages.parser.parse(text, options)

    async def examine(self, portrait: str) -> PortraitCheck:
        return await self._stages.animation.examine(portrait)

    async def wake(self) -> None:
        self._runner.wake()

    async def run(self) -> None:
        """Takes jobs until it is cancelled."""
        await self._runner.run()

    def close(self) -> None:
        """Gives back the jobs that are begun."""
        self._runner.close()
