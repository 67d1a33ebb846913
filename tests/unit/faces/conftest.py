import pytest

from backends.faces.images import read_image
from backends.faces.presets import preset
from backends.types import ImageArray


@pytest.fixture(scope="session")
def astronaut() -> ImageArray:
    """(512, 512, 3): a smiling face, about 93 pixels wide, at (179, 70)."""
    return read_image(preset("astronaut").path)


@pytest.fixture(scope="session")
def hopper() -> ImageArray:
    """(600, 512, 3): glasses and a hat, mouth closed; the face is about 188 pixels wide."""
    return read_image(preset("hopper").path)
