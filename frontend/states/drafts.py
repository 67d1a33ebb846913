"""What is asked for: the fields of a request, and what a browser remembers of its requests."""

import json
from collections.abc import Mapping
from typing import Any

import reflex as rx

_MOST = 40
_LARGEST_SEED = 2**32 - 1


class Order(rx.State, mixin=True):
    """A request as the studio has it; its fields are named as the service's. A draft is a mapping of them."""

    text: str = rx.LocalStorage("", name="prosopon.text")
    portrait: str = rx.LocalStorage("preset:astronaut", name="prosopon.portrait")
    face: int = 1
    tier: str = "lightweight"
    voice: str = "auto"
    reference_audio: str = ""
    """An upload's id; only asked for with a voice that is anybody's."""
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
    label: str = "off"
    seed: str = "0"

    def _draft(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in FIELDS}

    def _take(self, draft: Mapping[str, Any]) -> None:
        """What is missing from a draft, or of another kind, takes its default."""
        for name, kind in FIELDS.items():
            value = draft.get(name)
            fits = isinstance(value, kind) and not isinstance(value, bool)
            whole = kind is float and type(value) is int
            usual = type(self).get_fields()[name].default
            setattr(self, name, kind(value if fits or whole else usual))

    def _request(self) -> dict[str, Any]:
        """The fields as the service wants them."""
        numbers = {
            "size": _number(self.size, 720),
            "seed": min(_number(self.seed, 0), _LARGEST_SEED),
        }
        return self._draft() | numbers | {"reference_audio": self.reference_audio or None}


FIELDS: Mapping[str, type] = dict(Order.__annotations__)
"""Of an order, with their kinds."""


def remembered(drafts: str, job: str, draft: Mapping[str, Any]) -> str:
    """The drafts with one more; the oldest go first."""
    all_of_them = {**_read(drafts), job: dict(draft)}
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


def _number(text: str, usual: int) -> int:
    return int(text) if text.isdecimal() else usual
