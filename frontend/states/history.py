"""All videos of this browser."""

from dataclasses import dataclass
from typing import Any

import reflex as rx

from frontend.service import ServiceError
from frontend.states.drafts import kept
from frontend.states.studio import Studio
from frontend.states.views import length, moment, words_of

_PAGE = 48


@dataclass
class Card:
    id: str = ""
    title: str = ""
    status: str = ""
    when: str = ""
    lasts: str = ""
    percent: int = 0
    preset: str = ""
    """That it shows; empty where it is an own portrait."""


class History(Studio):
    cards: list[Card] = []
    following: str = ""
    """Where the next page begins; empty on the last."""
    search: str = ""
    asking: str = ""
    """The video that shall really be deleted, or not."""
    known: bool = False
    """The list has been fetched."""
    trouble: str = ""

    @rx.var
    def found(self) -> list[Card]:
        wanted = self.search.casefold().split()
        return [c for c in self.cards if all(word in c.title.casefold() for word in wanted)]

    @rx.var
    def unfinished(self) -> bool:
        return any(c.status in ("queued", "running") for c in self.cards)

    @rx.event
    async def open(self) -> None:
        await self._enter()
        self.asking = ""
        await self._fetch("")

    @rx.event
    async def refresh(self) -> None:
        if self.unfinished or self.offline:
            await self._fetch("")

    @rx.event
    async def more(self) -> None:
        await self._fetch(self.following)

    @rx.event
    def look_for(self, search: str) -> None:
        self.search = search

    @rx.event
    def ask(self, job: str) -> None:
        self.asking = job

    @rx.event
    async def delete(self, job: str) -> None:
        self.asking = ""
        try:
            service = self._service()
            cancelled = await self._asked(service.delete(f"/v1/videos/{job}"))
            if cancelled is not None:  # it was unfinished, and is not any more
                await self._asked(service.delete(f"/v1/videos/{job}"))
        except ServiceError as error:
            self.trouble = self._told(error)
            return
        if not self.offline:
            self.cards = [card for card in self.cards if card.id != job]

    async def _fetch(self, after: str) -> None:
        params: dict[str, Any] = {"limit": _PAGE} | ({"after": after} if after else {})
        try:
            page = await self._asked(self._service().get("/v1/videos", **params))
        except ServiceError as error:
            self.trouble = self._told(error)
            return
        if page is None:
            return
        cards = [self._card(job) for job in page["videos"]]
        self.cards = [*self.cards, *cards] if after else cards
        self.following = page["next"] or ""
        self.known, self.trouble = True, ""

    def _card(self, job: dict[str, Any]) -> Card:
        clip, draft = job.get("clip"), kept(self.drafts, job["id"])
        portrait = str(draft.get("portrait", ""))
        return Card(
            id=job["id"],
            title=words_of(job, draft),
            status=job["status"],
            when=moment(job["created_at"], self.greek),
            lasts=length(clip["duration_s"], self.greek) if clip else "",
            percent=round(100 * job["progress"]),
            preset=portrait.removeprefix("preset:") if portrait.startswith("preset:") else "",
        )
