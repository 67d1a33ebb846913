"""The studio: what is to be made, checked as it is written."""

import asyncio
from typing import Any

import reflex as rx

from frontend.notices import notices
from frontend.service import ServiceError
from frontend.states.drafts import FIELDS, Order, kept, remembered
from frontend.states.session import Session
from frontend.states.views import (
    WHOLE,
    Box,
    Emotion,
    Piece,
    Tier,
    Voice,
    boxes,
    emotions,
    face_problem,
    joined,
    pieces,
    tiers,
)
from frontend.words import said

_AUTO = "auto"
_PURPOSE = "a video, made in the web app"


class Studio(Order, Session):
    """Everything on the studio page."""

    drafts: str = rx.LocalStorage("{}", name="prosopon.drafts")
    """What was asked for, by job, as JSON: the service keeps videos, this browser its orders."""

    all_tiers: list[Tier] = []
    all_voices: list[Voice] = []
    all_emotions: list[Emotion] = []
    presets: list[dict[str, str]] = []

    checking: bool = False
    _checked: tuple[str, str, str] = ("", "", "")
    """Portrait, tier, and language of what was said of them."""
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
        return [v for v in found if v.cloned or self.language in ("auto", v.language)]

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
    def clones(self) -> bool:
        """Whether the voice is that of whoever is heard in a recording."""
        return any(v.cloned for v in self.voices if v.id == self.voice)

    @rx.var
    def agreement(self) -> str:
        """Who must have agreed: whose "face", "voice" or "both" it is; empty where nobody has to."""
        face = (
            self.must_agree
            and not self.portrait.startswith("preset:")
            and not self.portrait_problem
        )
        voice = self.clones and self.reference_audio != ""
        return "both" if face and voice else "face" if face else "voice" if voice else ""

    @rx.var
    def crop(self) -> list[float]:
        """What the video shows of the picture, as a `Box`'s measures; empty where that is all of it."""
        if not 1 <= self.face <= len(self.faces):
            return []
        shown = self.faces[self.face - 1].crops.get(self.aspect, [])
        return [] if shown == WHOLE else shown

    @rx.var
    def estimate(self) -> str:
        return f"{self.duration_s / self.speed:.0f}" if self.duration_s else ""

    @rx.event
    async def load(self) -> Any:
        """What there is to choose from, and what is under way."""
        self.busy, self.problem, self._missed = False, "", False
        service = await self._enter()
        try:
            paths = ("/", "/v1/tiers", "/v1/voices", "/v1/emotions", "/v1/portraits")
            asked = (*map(service.get, paths), service.get("/v1/videos", limit=5), self._load())
            found = await self._asked(asyncio.gather(*asked))
        except ServiceError as error:
            self.problem, self._missed = self._told(error), True
            return
        if found is None:
            return
        about, offered, voices, feelings, portraits, page, load = found
        self._renew(
            must_agree=about.get("consent") == "require",
            all_tiers=tiers(offered, load, self.greek),
            all_voices=[Voice.of(voice, self.greek) for voice in voices],
            all_emotions=emotions(feelings, self.greek),
            presets=[{name: p[name] for name in ("id", "title", "image")} for p in portraits],
        )
        if draft := kept(self.drafts, str(self.router.url.query_parameters.get("again", ""))):
            self._take(draft)
        self._choose_tier()
        unfinished = [v["id"] for v in page["videos"] if v["status"] in ("queued", "running")]
        self.under_way = unfinished[0] if unfinished else ""
        yield
        await self._know_portrait()
        await self._parse()

    def _renew(self, **found: Any) -> None:
        """Whoever comes back to the page is not sent again what they have."""
        for name, value in found.items():
            if getattr(self, name) != value:
                setattr(self, name, value)

    @rx.event
    async def revive(self) -> Any:
        """After the service did not answer: asks again for what the page lacks."""
        if self._missed:
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
            self.voice = _AUTO
        await self._parse()

    @rx.event
    def choose_voice(self, voice: str) -> None:
        self.voice, self.problem = voice, ""

    @rx.event
    def choose_recording(self, upload: str) -> None:
        """Of who shall speak; empty takes it away."""
        self.reference_audio, self.agreed, self.problem = upload, False, ""

    @rx.event
    def tune(self, name: str, value: str | float) -> None:
        """One of the settings that are folded away."""
        if name in FIELDS:
            setattr(self, name, FIELDS[name](value))
        if name == "aspect":
            self._judge()

    @rx.event
    async def make(self) -> Any:
        """Asks for the video and goes to its page."""
        if self.busy:
            return
        if missing := self._missing():
            self.problem = said(missing, self.greek)
            return
        self.busy, self.problem = True, ""
        yield
        draft = self._draft() | {"words": joined(self.spoken)}
        try:
            job = await self._asked(self._order())
            if job is not None:
                self.drafts = remembered(self.drafts, job["id"], draft)
                yield rx.redirect(f"/video?id={job['id']}")
        except ServiceError as error:
            self.problem = self._told(error)
        self.busy = False

    def _missing(self) -> str:
        """What must be there before a video can be asked for; empty when it is."""
        if not self.text.strip():
            return "need_text"
        if self.clones and not self.reference_audio:
            return "need_recording"
        return "need_agreement" if self.agreement and not self.agreed else ""

    async def _order(self) -> Any:
        """The job; with the agreement on record where one was asked for."""
        service, order = self._service(), self._request()
        if not self.clones:
            order["reference_audio"] = None
        if self.agreement:
            whose = {"face": "face is", "voice": "voice is", "both": "face and voice are"}
            who = f"the person whose {whose[self.agreement]} used"
            consent = await service.post("/v1/consents", {"who": who, "purpose": _PURPOSE})
            order["consent"] = consent["id"]
        return await service.post("/v1/videos", order)

    async def _load(self) -> dict[str, Any]:
        """How long each tier's queue is; nothing where only the operator may know."""
        try:
            return dict(await self._service_itself().get("/v1/system"))
        except ServiceError:
            return {}

    def _choose_tier(self) -> None:
        """Keeps to what the tier has; a tier that does not work gives way to the first that does."""
        working = [t.name for t in self.all_tiers if t.available]
        if self.tier not in working and working:
            self.tier = working[0]
        if self.voice not in [v.id for v in self.all_voices if v.tier == self.tier]:
            self.voice = _AUTO
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
            self.warnings = notices(script["warnings"], self.greek)
            self.duration_s = script["duration_s"]

    async def _know_portrait(self) -> None:
        """Asks the service only for what it has not said already."""
        if self._checked == (self.portrait, self.tier, self.lang):
            self._judge()
        else:
            await self._check_portrait()

    async def _check_portrait(self) -> None:
        asked = self.portrait, self.tier, self.lang
        self.checking, self._checked = True, ("", "", "")
        wanted = {"portrait": self.portrait, "tier": self.tier}
        self.fit, self.portrait_problem, self.portrait_notes, self.faces = False, "", "", []
        try:
            found = await self._asked(self._service().post("/v1/portraits/check", wanted))
            if found is not None:
                self.shape = [found["width"], found["height"]]
                self.faces = boxes(found, self.greek)
                self.portrait_problem = face_problem(found["problem"], self.greek)
                self._judge()
                self._checked = asked
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
            if self.fit and self.aspect not in chosen.crops:
                self.fit, self.portrait_problem = False, said("shape_cuts", self.greek)
        else:
            self.fit = False
