"""The portrait rig: one photo, meshed with face landmarks and deformed by ARKit coefficients, drawn on the CPU.

`RigEngine` and `RigOptions` are imported on first use, so that naming the engine costs nothing.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backends.animation.rig.engine import RigEngine, RigOptions

__all__ = ["RigEngine", "RigOptions"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from backends.animation.rig import engine

    return getattr(engine, name)
