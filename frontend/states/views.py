"""The service's answers as the pages show them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from frontend.notices import FACES, PLAIN, TIERS, notices, sentence
from frontend.words import STYLES, label, language_name, said


@dataclass
class Tier:
    name: str = ""
    title: str = ""
    available: bool = False
    note: str = ""
    """What it is, or why it cannot take work."""
    waiting: int = 0
    languages: list[str] = field(default_factory=list)
    max_characters: int = 0


@dataclass
class Voice:
    id: str = ""
    label: str = ""
    group: str = ""
    """The name of its language."""
    language: str = ""
    tier: str = ""
    preview: str = ""
    cloned: bool = False
    """It is whoever is heard in a recording."""

    @classmethod
    def of(cls, voice: dict[str, Any], greek: bool) -> "Voice":
        gender = {"female": ("woman", "γυναίκα"), "male": ("man", "άνδρας")}.get(voice["gender"])
        style = "" if voice["style"] in ("low", "medium", "high") else voice["style"]
        style = STYLES.get(style, style) if greek else style
        about = ", ".join(filter(None, [style, gender[greek] if gender else ""]))
        name = voice_name(voice["name"]) + (f" ({about})" if about else "")
        return cls(
            id=voice["id"],
            label=said("voice_recorded", greek) if voice["cloned"] else name,
            group=said("voice_own", greek)
            if voice["cloned"]
            else language_name(voice["language"], greek),
            language=voice["language"],
            tier=voice["tier"],
            preview=voice["preview"],
            cloned=voice["cloned"],
        )


@dataclass
class Emotion:
    name: str = ""
    label: str = ""
    cue: str = ""
    """What is written between the brackets."""
    names: list[str] = field(default_factory=list)
    """By which a text may call it."""


@dataclass
class Piece:
    """A stretch of speech under one emotion."""

    before: str = ""
    """The space before it, where there is one."""
    text: str = ""
    emotion: str = "neutral"
    label: str = ""
    start: float = 0.0
    end: float = 0.0


@dataclass
class Box:
    """A face, in hundredths of the picture."""

    left: float = 0.0
    top: float = 0.0
    width: float = 0.0
    height: float = 0.0
    fit: bool = False
    problem: str = ""
    notes: list[str] = field(default_factory=list)
    crops: dict[str, list[float]] = field(default_factory=dict)
    """By aspect, what a video shows of the picture: left, top, width, height."""


WHOLE = [0.0, 0.0, 100.0, 100.0]
"""A crop that is the picture itself."""


@dataclass
class Seal:
    """What a video's content credentials say."""

    state: str = ""
    """unchanged or changed; empty until it is known, and where there are none."""
    facts: list[tuple[str, str]] = field(default_factory=list)
    """Word and value."""

    @classmethod
    def of(cls, told: dict[str, Any], greek: bool) -> "Seal":
        facts, engines = told["facts"], told["facts"].get("engines", {})
        trust = "" if told["trusted"] else "; " + said("no_authority", greek)
        made_at = told["made_at"] and datetime.fromisoformat(told["made_at"]).timestamp()
        about = {
            "how": said("by_ai", greek)
            if "TrainedAlgorithmic" in (told["source_type"] or "")
            else "",
            "made_with": " · ".join(filter(None, [_ours(facts), *engines.values()])),
            "made_on": moment(made_at, greek) if made_at else "",
            "signed_by": told["signed_by"] + trust,
            "consent": facts.get("consent", ""),
        }
        state = "unchanged" if told["valid"] else "changed"
        return cls(state, [(word, value) for word, value in about.items() if value])


def _ours(facts: dict[str, Any]) -> str:
    version = facts.get("versions", {}).get("prosopon", "")
    return f"Prosopon {version}" if version else ""


def voice_name(name: str) -> str:
    """Of a person rather than of a file, which is language_COUNTRY-speaker-quality."""
    name = name.split("-")[1] if name.count("-") > 1 else name.split("_")[-1]
    return name[:1].upper() + name[1:]


def tiers(offered: list[dict[str, Any]], system: dict[str, Any], greek: bool) -> list[Tier]:
    """Those that work first."""
    waiting = {load["name"]: load["queued"] for load in system.get("tiers", ())}
    found = [
        Tier(
            name=tier["name"],
            title=tier["name"].capitalize(),
            available=tier["available"],
            note=tier_note(tier, greek),
            waiting=waiting.get(tier["name"], 0),
            languages=list(tier["languages"]),
            max_characters=tier["max_characters"] or 0,
        )
        for tier in offered
    ]
    return sorted(found, key=lambda tier: not tier.available)


def tier_note(tier: dict[str, Any], greek: bool) -> str:
    """What it is, or why it cannot take work."""
    told = tier["title"] if tier["available"] else tier["reason"]
    return sentence(told, TIERS if greek else PLAIN)


def face_problem(problem: str, greek: bool) -> str:
    """Why a face cannot speak; empty when it can."""
    return sentence(problem, FACES if greek else ())


def emotions(offered: list[dict[str, Any]], greek: bool) -> list[Emotion]:
    """Under the first of their names in the language of the pages; texts may use any of them."""
    return [
        Emotion(
            name=emotion["name"],
            label=emotion["greek" if greek else "english"][0],
            cue=emotion["greek" if greek else "english"][0],
            names=[name.lower() for name in (*emotion["english"], *emotion["greek"])],
        )
        for emotion in offered
    ]


def pieces(utterances: list[dict[str, Any]], greek: bool) -> list[Piece]:
    """Neighbours under one emotion are one piece."""
    found: list[Piece] = []
    for utterance in utterances:
        for number, span in enumerate(utterance["spans"]):
            emotion = span["emotion"]
            text = f" {span['text']}" if found and number == 0 else span["text"]
            if found and found[-1].emotion == emotion:
                found[-1].text += text
            else:
                found.append(Piece(text=text, emotion=emotion, label=label(emotion, greek)))
    for one, following in zip(found, [*found[1:], Piece()], strict=True):
        if one.text.endswith(" ") or following.text.startswith(" "):
            one.text, following.text = one.text.rstrip(), following.text.lstrip()
            following.before = " "
    return found


def spans(utterances: list[dict[str, Any]], greek: bool) -> list[Piece]:
    """The timeline of a finished clip."""
    found: list[Piece] = []
    for one in utterances:
        if found and found[-1].emotion == one["emotion"]:
            found[-1].text += " " + one["text"].strip()
            found[-1].end = one["end_s"]
        else:
            found.append(
                Piece(
                    text=one["text"].strip(),
                    emotion=one["emotion"],
                    label=label(one["emotion"], greek),
                    start=one["start_s"],
                    end=one["end_s"],
                )
            )
    return found


def boxes(check: dict[str, Any], greek: bool) -> list[Box]:
    measures = (check["width"], check["height"]) * 2

    def hundredths(box: list[float]) -> list[float]:
        return [100 * value / whole for value, whole in zip(box, measures, strict=True)]

    found = []
    for face in check["faces"]:
        left, top, width, height = hundredths(face["box"])
        notes, problem = notices(face["warnings"], greek), face_problem(face["problem"], greek)
        crops = {aspect: hundredths(crop) for aspect, crop in face["crops"].items()}
        found.append(Box(left, top, width, height, face["fit"], problem, notes, crops))
    return found


def joined(spoken: Iterable[Piece]) -> str:
    return "".join(piece.before + piece.text for piece in spoken).strip()


def words_of(job: dict[str, Any], draft: Mapping[str, Any]) -> str:
    """What a finished video says; of another one, what the studio showed that it will."""
    if clip := job.get("clip"):
        return " ".join(one["text"].strip() for one in clip["utterances"])
    return str(draft.get("words", ""))


def script_of(clip: dict[str, Any]) -> str:
    """What was spoken, with its cues written in; for videos whose text this browser has not kept."""
    text, before = "", "neutral"
    for one in clip.get("utterances", ()):
        if one["emotion"] != before:
            strength = "" if one["intensity"] >= 1 else f":{one['intensity']:g}"
            text += f"[{one['emotion']}{strength}] "
            before = one["emotion"]
        text += one["text"].strip() + " "
    return text.strip()


def moment(seconds: float, greek: bool) -> str:
    """A point in time as people say it."""
    then = datetime.fromtimestamp(seconds, UTC).astimezone()
    months = (
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
        ["Ιαν", "Φεβ", "Μαρ", "Απρ", "Μαΐ", "Ιουν", "Ιουλ", "Αυγ", "Σεπ", "Οκτ", "Νοε", "Δεκ"],
    )[greek]
    return f"{then.day} {months[then.month - 1]}, {then:%H:%M}"


def length(seconds: float, greek: bool) -> str:
    if seconds < 60:
        told = f"{seconds:.1f} {said('seconds', greek)}"
        return told.replace(".", ",", 1) if greek else told
    return f"{int(seconds // 60)}:{int(seconds % 60):02d}"
