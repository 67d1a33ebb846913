"""SadTalker: a photo talks by a face model's coefficients, planned from sound and drawn by face-vid2vid's renderer.

`SadTalkerEngine` and `SadTalkerOptions` are imported on first use, so that naming the engine costs nothing.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backends.animation.sadtalker.engine import SadTalkerEngine, SadTalkerOptions

__all__ = ["SadTalkerEngine", "SadTalkerOptions"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from backends.animation.sadtalker import engine

    return getattr(engine, name)
