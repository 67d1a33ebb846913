"""What an animation engine is."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

from backends.speech.engine import Licence
from backends.types import FrameBatch, Notice, Performance, Reference, Speech

AvatarT = TypeVar("AvatarT")
PlanT = TypeVar("PlanT")


@dataclass(frozen=True, slots=True)
class AnimationInfo:
    name: str
    uses_performance: bool
    """Draws emotions, gaze and head motion; otherwise it follows only the sound."""
    shardable: bool
    """Any range of frames can be drawn by itself."""
    context_frames: tuple[int, int]
    """Frames of plan needed before and after the range that is drawn."""
    device: str
    """"cpu" or "cuda"."""
    licence: Licence
    backdrops: bool = False
    """Can put something else behind the person than the portrait shows."""
    lips: Literal["performance", "sound"] = "performance"
    """What the mouth follows."""
    hears_s: float = 0.0
    """Seconds of sound before and behind a range of frames that the range is planned from. 0: the plan is the
    performance; infinite: the clip is planned once, as a whole."""


class AnimationEngine(Protocol[AvatarT, PlanT]):
    """Holds weights and nothing of a request; safe to call from several threads."""

    @property
    def info(self) -> AnimationInfo: ...

    def prepare(self, reference: Reference) -> AvatarT:
        """What the engine needs to know of a face, computed once.

        Raises:
            NoFaceError, FaceTooSmallError: the portrait cannot work, with the reason.
        """
        ...

    def notices(self, avatar: AvatarT) -> tuple[Notice, ...]:
        """What the user should know of a prepared avatar, as that it cannot be cut out of its background."""
        ...

    def plan(self, avatar: AvatarT, speech: Speech, performance: Performance, seed: int) -> PlanT:
        """What the engine adds to the performance by itself; the identity where it adds nothing.

        Like a performance, a plan has `slice(start, end)`, which is enough to draw these frames of the clip.
        """
        ...

    def animate(self, avatar: AvatarT, plan: PlanT, frames: range) -> Iterator[FrameBatch]:
        """Draws the clip's frames of the range, in order; a pure function of its arguments."""
        ...
