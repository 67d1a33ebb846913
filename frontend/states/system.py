"""The service at a glance, for whoever runs it."""

from dataclasses import dataclass, field
from typing import Any

import reflex as rx

from frontend.notices import sentence
from frontend.problems import known_problem
from frontend.service import ServiceError
from frontend.states.session import Session
from frontend.states.views import moment, tier_note
from frontend.words import language_name, said


@dataclass
class TierCard:
    name: str = ""
    title: str = ""
    available: bool = False
    note: str = ""
    queued: int = 0
    running: int = 0
    longest: str = ""
    replicas: list[tuple[str, int]] = field(default_factory=list)
    about: list[tuple[str, str]] = field(default_factory=list)
    """Word and value: engines, voices, languages."""


@dataclass
class FailureRow:
    job: str = ""
    tier: str = ""
    when: str = ""
    told: str = ""
    detail: str = ""
    """In the service's own words, where `told` has others."""


class System(Session):
    tiers: list[TierCard] = []
    failures: list[FailureRow] = []
    version: str = ""
    known: bool = False
    trouble: str = ""

    @rx.event
    async def open(self) -> None:
        await self._enter()
        await self._fetch()

    @rx.event
    async def refresh(self) -> None:
        await self._fetch()

    async def _fetch(self) -> None:
        service = self._service_itself()
        try:
            system = await self._asked(service.get("/v1/system"))
            if system is None:
                return
            offered = {tier["name"]: tier for tier in await service.get("/v1/tiers")}
        except ServiceError as error:
            self.trouble = self._told(error)
            return
        self.tiers = [self._tier(load, offered.get(load["name"], {})) for load in system["tiers"]]
        self.failures = [self._failure(one) for one in system["failures"]]
        self.version, self.known, self.trouble = system["version"], True, ""

    def _failure(self, one: dict[str, Any]) -> FailureRow:
        detail = one["error"]["detail"]
        told = known_problem(one["error"]["code"], self.greek)
        told = told or (said("failed", True) if self.greek else "")
        when = moment(one["created_at"], self.greek)
        words = sentence(detail, ())
        return FailureRow(one["job"], one["tier"], when, told or words, words if told else "")

    def _tier(self, load: dict[str, Any], offer: dict[str, Any]) -> TierCard:
        engines = offer.get("engines") or {}
        languages = [language_name(code, self.greek) for code in offer.get("languages", ())]
        about = {
            "engines": " · ".join(engines.values()),
            "voices": str(offer.get("voices") or ""),
            "languages": ", ".join(languages),
        }
        return TierCard(
            name=load["name"],
            title=load["name"].capitalize(),
            available=load["available"],
            note=tier_note(load | {"title": offer.get("title", "")}, self.greek),
            queued=load["queued"],
            running=load["running"],
            longest=f"{load['oldest_queued_s']:.0f}",
            replicas=list(load["replicas"].items()),
            about=[(word, value) for word, value in about.items() if value],
        )
