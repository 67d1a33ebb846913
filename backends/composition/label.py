"""The visible mark of a video that a model made: in a corner of every frame, or a card at the end."""

from dataclasses import dataclass
from typing import Literal

Label = Literal["off", "corner", "end"]
CARD_S = 2.0
"""How long the card at the end stands."""


@dataclass(frozen=True, slots=True)
class Mark:
    language: str
    """ISO 639-1."""
    card_from: int | None = None
    """The frame with which the card at the end begins; None: the mark stands in the corner."""
