"""The studio: what is to be made, checked as it is written."""

from typing import Any

import reflex as rx

from frontend.service import ServiceError
from frontend.states.drafts import Draft, kept, remembered
from frontend.states.session import Session
from frontend.states.views import Box, Emotion, Piece, Tier, Voice, boxes, emotions, pieces, tiers
from frontend.words import said

_VOICE_AUTO = "auto"
_AGREEMENT = {"who": "the person in the portrait", "purpose": "a video, made in the web app"}


class Studio(Session):
    """Everything on the studio page."""

    drafts: str = rx.LocalStorage("{}", name="prosopon.drafts")
    """What was asked for, by job, as JSON: the service keeps videos, this browser its orders."""

    text: str = rx.LocalStorage("", name="prosopon.text")
    portrait: str = rx.LocalStorage("preset:astronaut", name="prosopon.portrait")
    face: int = 1
    tier: str = "lightweight"
    voice: str = _VOICE_AUTO
    language: str = "auto"
    style: str = "natural"
    intensity: float = 1.0
    speed: float = 1.0
    head_motion: float = 1.0
    blink: float = 1.0
    size: str = "720"
    aspect: str = "source"
    background: str = "source"
    captions: str = "vtt"
    seed: str = "0"

    all_tiers: list[Tier] = []
    all_voices: list[Voice] = []
    all_emotions: list[Emotion] = []
    presets: list[dict[str, str]] = []

    checking: bool = False
    fit: bool = False
    portrait_problem: str = ""
    portrait_notes: str = ""
    faces: list[Box] = []
    shape: list[int] = [0, 0]

    spoken: list[Piece] = []
    warnings: list[str] = []
    duration_s: float = 0.0
    text_problem: str = ""

    must_agree: bool = False
    """The service wants to know that whoever is in an own picture agreed to it."""
    agreed: bool = False

    problem: str = ""
    busy: bool = False
    under_way: str = ""
    """The newest of this browser's videos that is not finished."""

    @rx.var
    def voices(self) -> list[Voice]:
        """That the tier and the language have."""
        found = [v for v in self.all_voices if v.tier == self.tier]
        return [v for v in found if self.language in ("auto", v.language)]

    @rx.var
    def voice_groups(self) -> list[str]:
        return list(dict.fromkeys(v.group for v in self.voices))

    @rx.var
    def languages(self) -> list[str]:
        return next((t.languages for t in self.all_tiers if t.name == self.tier), [])

    @rx.var
    def max_characters(self) -> int:
        return next((t.max_characters for t in self.all_tiers if t.name == self.tier), 0)

    @rx.var
    def asks_agreement(self) -> bool:
        return self.must_agree and not self.portrait.startswith("preset:")

    @rx.var
    def estimate(self) -> str:
        return f"{self.duration_s / self.speed:.0f}" if self.duration_s else ""

    @rx.event
    async def load(self) -> Any:
        """What there is to choose from, and what is under way."""
        self.busy, self.problem = False, ""
        service = await self._enter()
        try:
            offered = await self._asked(service.get("/v1/tiers"))
            if offered is None:
                return
            self.must_agree = (await service.get("/")).get("consent") == "require"
            self.all_tiers = tiers(offered, await self._load(), self.greek)
            self.all_voices = [Voice.of(v, self.greek) for v in await service.get("/v1/voices")]
            self.all_emotions = emotions(await service.get("/v1/emotions"), self.greek)
            self.presets = [
                {"id": p["id"], "title": p["title"], "image": p["image"]}
                for p in await service.get("/v1/portraits")
            ]
            self._choose_tier()
            if again := self.router.url.query_parameters.get("again"):
                self._take(Draft.of(kept(self.drafts, str(again))))
            page = await service.get("/v1/videos", limit=5)
            unfinished = [v["id"] for v in page["videos"] if v["status"] in ("queued", "running")]
            self.under_way = unfinished[0] if unfinished else ""
        except ServiceError as error:
            self.problem = self._told(error)
        yield
        await self._check_portrait()
        await self._parse()

    @rx.event
    async def revive(self) -> Any:
        """While the service does not answer: looks whether it is back."""
        if self.offline:
            return Studio.load

    @rx.event
    async def change_language(self, lang: str) -> Any:
        """Of the pages."""
        self.lang = "el" if lang == "el" else "en"
        return Studio.load

    @rx.event
    async def write(self, text: str) -> None:
        self.text, self.problem = text, ""
        await self._parse()

    @rx.event
    async def choose_portrait(self, portrait: str) -> Any:
        self.portrait, self.face, self.problem, self.agreed = portrait, 1, "", False
        self.checking, self.faces, self.portrait_problem = True, [], ""
        yield
        await self._check_portrait()

    @rx.event
    def agree(self, agreed: bool) -> None:
        self.agreed, self.problem = agreed, ""

    @rx.event
    def choose_face(self, face: int) -> None:
        self.face = face
        self._judge()

    @rx.event
    async def choose_tier(self, tier: str) -> Any:
        self.tier = tier
        self._choose_tier()
        await self._parse()

    @rx.event
    async def choose_language(self, language: str) -> None:
        self.language = language
        if self.voice not in [v.id for v in self.voices]:
            self.voice = _VOICE_AUTO
        await self._parse()

    @rx.event
    def choose_voice(self, voice: str) -> None:
        self.voice = voice

    @rx.event
    def tune(self, name: str, value: str | float) -> None:
        """One of the settings that are folded away."""
        if name in ("intensity", "speed", "head_motion", "blink"):
            setattr(self, name, float(value))
        elif name in ("style", "size", "aspect", "background", "captions", "seed"):
            setattr(self, name, str(value))

    @rx.event
    async def make(self) -> Any:
        """Asks for the video and goes to its page."""
        if self.busy:
            return
        if not self.text.strip():
            self.problem = said("need_text", self.greek)
            return
        if self.asks_agreement and not self.agreed:
            self.problem = said("need_agreement", self.greek)
            return
        self.busy, self.problem = True, ""
        yield
        draft = Draft.of(self)
        try:
            job = await self._asked(self._order(draft))
            if job is not None:
                self.drafts = remembered(self.drafts, job["id"], draft)
                yield rx.redirect(f"/video?id={job['id']}")
        except ServiceError as error:
            self.problem = self._told(error)
        self.busy = False

    async def _order(self, draft: Draft) -> Any:
        """The job; with the agreement on record where the service asks for one."""
        service, order = self._service(), draft.order()
        if self.asks_agreement:
            consent = await service.post("/v1/consents", _AGREEMENT)
            order["consent"] = consent["id"]
        return await service.post("/v1/videos", order)

    async def _load(self) -> dict[str, Any]:
        """How long each tier's queue is; nothing where only the operator may know."""
        try:
            return dict(await self._service_itself().get("/v1/system"))
        except ServiceError:
            return {}

    def _take(self, draft: Draft) -> None:
        for name, value in draft.values().items():
            setattr(self, name, value)

    def _choose_tier(self) -> None:
        """Keeps to what the tier has; a tier that does not work gives way to the first that does."""
        working = [t.name for t in self.all_tiers if t.available]
        if self.tier not in working and working:
            self.tier = working[0]
        if self.voice not in [v.id for v in self.all_voices if v.tier == self.tier]:
            self.voice = _VOICE_AUTO
        if self.language not in ("auto", *self.languages):
            self.language = "auto"

    async def _parse(self) -> None:
        self.text_problem = ""
        if not self.text.strip():
            self.spoken, self.warnings, self.duration_s = [], [], 0.0
            return
        wanted = {"text": self.text, "tier": self.tier, "language": self.language}
        try:
            script = await self._asked(self._service().post("/v1/scripts/parse", wanted))
        except ServiceError as error:
            self.spoken, self.warnings, self.duration_s = [], [], 0.0
            self.text_problem = self._told(error)
            return
        if script is not None:
            self.spoken = pieces(script["utterances"], self.greek)
            self.warnings = [w["message"] for w in script["warnings"]]
            self.duration_s = script["duration_s"]

    async def _check_portrait(self) -> None:
        self.checking = True
        wanted = {"portrait": self.portrait, "tier": self.tier}
        self.fit, self.portrait_problem, self.portrait_notes, self.faces = False, "", "", []
        try:
            found = await self._asked(self._service().post("/v1/portraits/check", wanted))
            if found is not None:
                self.shape = [found["width"], found["height"]]
                self.faces = boxes(found)
                self.portrait_problem = found["problem"]
                self._judge()
        except ServiceError as error:
            self.shape = [0, 0]
            self.portrait_problem = self._told(error)
        self.checking = False

    def _judge(self) -> None:
        """Whether the chosen face can speak."""
        if 1 <= self.face <= len(self.faces):
            chosen = self.faces[self.face - 1]
            self.fit, self.portrait_problem = chosen.fit, chosen.problem
            self.portrait_notes = " ".join(chosen.notes)
        else:
            self.fit = False
