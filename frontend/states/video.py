"""One video: while it is made, and afterwards."""

from contextlib import suppress
from typing import Any

import reflex as rx

from frontend.notices import notices
from frontend.problems import problem_words
from frontend.service import ServiceError
from frontend.settings import Settings
from frontend.states.drafts import kept, remembered
from frontend.states.studio import Studio
from frontend.states.views import (
    Piece,
    Seal,
    length,
    script_of,
    spans,
    voice_name,
    words_of,
)

_FINAL = ("succeeded", "failed", "cancelled")


class Video(Studio):
    """Everything on a video's page. It keeps what was asked for in the studio's drafts."""

    job: dict[str, Any] = {"id": "", "status": "", "progress": 0.0}
    """As the service tells it, without what only its clip holds."""
    status: str = ""
    """queued, running, succeeded, failed, cancelled; gone where there is no such video; empty until it is known."""
    source: str = ""
    """The portrait it shows, as the studio names it."""
    title: str = ""
    """What is said."""
    reason: str = ""
    """Why it failed."""
    spans: list[Piece] = []
    length_s: float = 0.0
    picture: list[int] = [0, 0]
    spoken_language: str = "en"
    facts: list[tuple[str, str]] = []
    notes: list[str] = []
    seal: Seal = Seal()
    link: str = ""
    """That was asked for, for anyone."""
    asking: bool = False
    """Whether it shall really be deleted."""

    @rx.event
    async def open(self) -> Any:
        """The video that the address names."""
        wanted = str(self.router.url.query_parameters.get("id", ""))
        if wanted != self.job["id"]:
            self._forget(wanted)
            yield
        self.asking = False
        await self._enter()
        await self._look()

    @rx.event
    async def ended(self, status: str) -> None:
        """The browser saw it end."""
        await self._look()

    @rx.event
    async def again(self) -> Any:
        """Back to the studio with everything as it was."""
        if not kept(self.drafts, self.job["id"]):
            clip = self.job.get("clip") or {}
            seed, tier = str(clip.get("seed", 0)), self.job["tier"]
            draft = {"text": script_of(clip), "seed": seed, "tier": tier}
            self.drafts = remembered(self.drafts, self.job["id"], draft)
        return rx.redirect(f"/?again={self.job['id']}")

    @rx.event
    async def cancel(self) -> Any:
        await self._remove()
        await self._look()

    @rx.event
    def ask(self, asking: bool) -> None:
        self.asking = asking

    @rx.event
    async def delete(self) -> Any:
        await self._remove()
        return rx.redirect("/videos")

    @rx.event
    async def share(self) -> None:
        """A link that works for anyone, for a while."""
        try:
            path = f"/v1/videos/{self.job['id']}/share"
            link = await self._asked(self._service().post(path))
        except ServiceError as error:
            self.reason = self._told(error)
            return
        if link is not None:
            self.link = Settings.read().public + link["url"]

    async def _remove(self) -> None:
        try:
            await self._asked(self._service().delete(f"/v1/videos/{self.job['id']}"))
        except ServiceError as error:
            self.reason = self._told(error)

    async def _look(self) -> None:
        try:
            job = await self._asked(self._service().get(f"/v1/videos/{self.job['id']}"))
        except ServiceError as error:
            self.status, self.reason = "gone", self._told(error)
            return
        if job is not None:
            self._show(job)
            await self._read_seal()

    async def _read_seal(self) -> None:
        """What the finished video says of itself; nothing where it says nothing."""
        if self.status != "succeeded":
            return
        path = f"/v1/videos/{self.job['id']}/credentials"
        with suppress(ServiceError):
            if told := await self._asked(self._service().get(path)):
                self.seal = Seal.of(told, self.greek)

    def _forget(self, wanted: str) -> None:
        self.job = {"id": wanted, "status": "", "progress": 0.0}
        self.status = self.title = self.source = self.reason = ""
        self.spans, self.length_s, self.facts, self.notes = [], 0.0, [], []
        self.picture, self.link, self.asking, self.seal = [0, 0], "", False, Seal()

    def _show(self, job: dict[str, Any]) -> None:
        clip = job.get("clip")
        draft = kept(self.drafts, job["id"])
        self.source = str(draft.get("portrait", ""))
        self.title = words_of(job, draft)
        self.status = job["status"]
        error = job.get("error")
        self.reason = problem_words(error["code"], error["detail"], self.greek) if error else ""
        self.notes = notices(job["warnings"], self.greek)
        if clip:
            self.spans = spans(clip["utterances"], self.greek)
            self.length_s = clip["duration_s"]
            self.picture = list(clip["size"])
            self.spoken_language = clip["language"]
            self.facts = self._facts(job, clip)
            self.notes = notices(clip["warnings"], self.greek)
            job = job | {"clip": {name: clip[name] for name in ("utterances", "seed")}}
        self.job = job

    def _facts(self, job: dict[str, Any], clip: dict[str, Any]) -> list[tuple[str, str]]:
        width, height = clip["size"]
        made_s = clip["duration_s"] * clip["real_time_factor"]
        engines = clip["engines"]
        return [
            ("duration", length(clip["duration_s"], self.greek)),
            ("picture", f"{width} × {height}, {clip['fps']} fps"),
            ("voice", voice_name(clip["voice"].rpartition(":")[2])),
            ("engines", f"{engines['speech']} · {engines['animation']} ({job['tier']})"),
            ("made_in", length(made_s, self.greek)),
            ("seed", str(clip["seed"])),
        ]
