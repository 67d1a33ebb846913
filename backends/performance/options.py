"""What a user can choose about a performance."""

from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

from backends.errors import InputError

Style = Literal["calm", "natural", "lively"]


class StyleGains(NamedTuple):
    articulation: float
    head: float
    blink: float


STYLES: dict[Style, StyleGains] = {
    "calm": StyleGains(0.88, 0.6, 0.85),
    "natural": StyleGains(1.0, 1.0, 1.0),
    "lively": StyleGains(1.1, 1.35, 1.15),
}


@dataclass(frozen=True, slots=True)
class PerformanceOptions:
    """How lively a face is.

    Raises:
        InputError: an unknown style, or a number outside its range.
    """

    style: Style = "natural"
    articulation: float = 1.0
    """How far the mouth moves, 0..2."""
    head_motion: float = 1.0
    """0 (still) .. 2"""
    blink: float = 1.0
    """Factor on the blinks per minute, 0 (none) .. 2."""

    def __post_init__(self) -> None:
        if self.style not in get_args(Style):
            raise InputError(
                f"Unknown style {self.style!r}: choose one of {', '.join(get_args(Style))}."
            )
        for name in ("articulation", "head_motion", "blink"):
            value = getattr(self, name)
            if not 0.0 <= value <= 2.0:
                raise InputError(f"{name} is {value}: it must lie between 0 and 2.")

    @property
    def gains(self) -> StyleGains:
        """Style and numbers together."""
        style = STYLES[self.style]
        return StyleGains(
            style.articulation * self.articulation,
            style.head * self.head_motion,
            style.blink * self.blink,
        )
