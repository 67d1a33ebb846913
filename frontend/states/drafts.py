"""What was asked for, kept by the browser, so that it can be asked for again with changes."""

import json
from dataclasses import asdict, dataclass, fields
from typing import Any

_MOST = 40


@dataclass(frozen=True, slots=True)
class Draft:
    """A request as the studio has it; the fields are the studio's."""

    text: str = ""
    portrait: str = "preset:astronaut"
    face: int = 1
    tier: str = "lightweight"
    voice: str = "auto"
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

    @classmethod
    def of(cls, source: Any) -> "Draft":
        """Out of a mapping or an object; what is missing or of another kind is left at its default."""
        found = {}
        for field in fields(cls):
            value = (
                source.get(field.name) if isinstance(source, dict) else getattr(source, field.name)
            )
            kind = type(field.default)
            if isinstance(value, kind) or (kind is float and isinstance(value, int)):
                found[field.name] = kind(value)
        return cls(**found)

    def values(self) -> dict[str, Any]:
        return asdict(self)

    def order(self) -> dict[str, Any]:
        """The request's fields."""
        seed = int(self.seed) if self.seed.isdecimal() else 0
        return asdict(self) | {"size": int(self.size), "seed": min(seed, 2**32 - 1)}


def remembered(drafts: str, job: str, draft: Draft) -> str:
    """The drafts with one more; the oldest go first."""
    all_of_them = {**_read(drafts), job: draft.values()}
    return json.dumps(dict(list(all_of_them.items())[-_MOST:]), ensure_ascii=False)


def kept(drafts: str, job: str) -> dict[str, Any]:
    """Of a job; empty where there is none."""
    found = _read(drafts).get(job)
    return found if isinstance(found, dict) else {}


def _read(drafts: str) -> dict[str, Any]:
    """Browsers hand back whatever stands in their storage."""
    try:
        found = json.loads(drafts)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
