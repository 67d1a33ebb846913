"""Portraits become talking faces: the table of animation engines. Importing this imports none."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from backends.animation.engine import AnimationEngine
from backends.engines import make_engine

ENGINES: Mapping[str, str] = MappingProxyType(
    {
        "rig": "backends.animation.rig:RigEngine",
        "sketch": "backends.animation.sketch:SketchEngine",
        "sadtalker": "backends.animation.sadtalker.engine:SadTalkerEngine",
        "wav2lip": "backends.animation.wav2lip.engine:Wav2LipEngine",
    }
)


def load_engine(
    name: str, options: Mapping[str, object] | None = None
) -> AnimationEngine[Any, Any]:
    """The animation engine of that name; arguments and errors as `backends.engines.make_engine`."""
    engine: AnimationEngine[Any, Any] = make_engine("animation", ENGINES, name, options)
    return engine
