"""One small portrait, prepared once."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest

from backends.animation.rig.engine import RigAvatar, RigEngine
from backends.faces.framing import Framing
from backends.faces.portrait import load_portrait
from backends.types import INDEX, POSE, ImageArray, Performance, Portrait

Row = Mapping[str, float]
Draw = Callable[..., list[ImageArray]]


def performance(rows: Sequence[Row]) -> Performance:
    """A frame per row; names are coefficients, pose channels, gaze_x, gaze_y or extras."""
    n = len(rows)
    coefficients = np.zeros((n, len(INDEX)), np.float32)
    pose, gaze = np.zeros((n, len(POSE)), np.float32), np.zeros((n, 2), np.float32)
    extra = {k: np.zeros(n, np.float32) for k in ("closure", "teeth", "tongue", "relax")}
    for i, row in enumerate(rows):
        for name, value in row.items():
            if name in INDEX:
                coefficients[i, INDEX[name]] = value
            elif name in POSE:
                pose[i, POSE.index(name)] = value
            elif name in extra:
                extra[name][i] = value
            else:
                gaze[i, ("gaze_x", "gaze_y").index(name)] = value
    return Performance(coefficients, pose, gaze, extra)


def both(name: str, value: float) -> dict[str, float]:
    return {name + "Left": value, name + "Right": value}


@pytest.fixture(scope="session")
def engine() -> RigEngine:
    return RigEngine()


@pytest.fixture(scope="session")
def astronaut() -> Portrait:
    """Smiles with parted lips."""
    return load_portrait("preset:astronaut", Framing(size=512))


@pytest.fixture(scope="session")
def hopper() -> Portrait:
    """Lips closed."""
    return load_portrait("preset:hopper", Framing(size=512))


@pytest.fixture(scope="session")
def smiling(engine: RigEngine, astronaut: Portrait) -> RigAvatar:
    return engine.prepare(astronaut)


@pytest.fixture(scope="session")
def closed(engine: RigEngine, hopper: Portrait) -> RigAvatar:
    return engine.prepare(hopper)


@pytest.fixture(scope="session")
def draw(engine: RigEngine) -> Draw:
    def frames(avatar: RigAvatar, *rows: Row) -> list[ImageArray]:
        batches = engine.animate(avatar, performance(rows), range(len(rows)))
        return [frame.copy() for batch in batches for frame in batch.frames]

    return frames
