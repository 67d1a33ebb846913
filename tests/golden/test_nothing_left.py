"""A studio leaves nothing behind, and takes no more memory than it says."""

import asyncio
import io
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from backends.errors import (
    EmptyTextError,
    FaceTooSmallError,
    InputError,
    NoFaceError,
    TextTooLongError,
    UnknownPortraitError,
    UnknownVoiceError,
    UnreadableMediaError,
)
from backends.faces.presets import preset
from serve_app.config import TierConfig
from serve_app.local import studio
from serve_app.schemas import VideoRequest
from tests.golden.conftest import Workshop, silent

pytestmark = pytest.mark.xdist_group("golden")

PEAK_BYTES = 1.2e9


def encoded(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def portraits() -> dict[str, bytes]:
    """Pictures that cannot be animated."""
    path = preset("astronaut").path
    grey = Image.fromarray(np.full((256, 256, 3), 128, np.uint8))
    with Image.open(path) as person:
        tiny = person.convert("RGB").resize((160, 160))
    return {
        "not-a-picture": b"GIF what?",
        "cut-off": path.read_bytes()[:5000],
        "nobody": encoded(grey),
        "tiny": encoded(tiny),
    }


@pytest.fixture(scope="module")
def here(
    tier: TierConfig, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Workshop, Path]]:
    """A workshop with the portraits, in a home of its own, which is empty again in the end."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROSOPON_HOME", str(home))
        with studio(tier) as made, asyncio.Runner() as runner:
            for name, data in portraits().items():
                made.storage.put(name, data)
            yield Workshop(made, runner), home
    assert list((home / "tmp").iterdir()) == []


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"portrait": "not-a-picture"}, UnreadableMediaError),
        ({"portrait": "cut-off"}, UnreadableMediaError),
        ({"portrait": "nobody"}, NoFaceError),
        ({"portrait": "tiny"}, FaceTooSmallError),
        ({"portrait": "preset:nobody"}, UnknownPortraitError),
        ({"face": 2}, InputError),
        ({"text": ""}, EmptyTextError),
        ({"text": " [happy] [sad:0.5]"}, EmptyTextError),
        ({"text": "word " * 2001}, TextTooLongError),
        ({"voice": "piper:nobody"}, UnknownVoiceError),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else value.__name__,
)
def test_a_request_that_fails_leaves_nothing(
    here: tuple[Workshop, Path],
    fields: dict[str, object],
    error: type[InputError],
    tmp_path: Path,
) -> None:
    workshop, home = here
    before = files(home)
    request = VideoRequest.model_validate({"text": "Hello.", "size": 256} | fields)
    with pytest.raises(error) as raised:
        workshop.deliver(request, tmp_path / "clip.mp4")
    assert raised.type is error
    assert len(raised.value.message) > 20
    assert files(home) == before
    assert files(tmp_path) == set()


def test_a_studio_that_an_error_closes_takes_its_folder_along(
    tier: TierConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROSOPON_HOME", str(tmp_path))
    with pytest.raises(EmptyTextError), studio(tier) as made:
        asyncio.run(made.make(VideoRequest(text="[sad]"), tmp_path / "clip.mp4", silent))
    assert list((tmp_path / "tmp").iterdir()) == []
    assert files(tmp_path) == set()


def test_only_the_clip_is_left_of_one_that_succeeds(
    here: tuple[Workshop, Path], tmp_path: Path
) -> None:
    workshop, home = here
    before = files(home)
    clip = workshop.deliver(VideoRequest(text="Hello.", size=256), tmp_path / "clip.mp4")
    assert clip.facts.path == str(tmp_path / "clip.mp4")
    assert files(home) - before == {"secret", "signing/key.pem", "signing/chain.pem"}  # made once
    assert files(tmp_path) == {"clip.mp4"}


MEMORY = """
import asyncio, sys
from pathlib import Path
from serve_app.config import read_tier
from serve_app.local import studio
from serve_app.schemas import VideoRequest
request = VideoRequest(text="Hello [happy] everyone! I am glad to see you.", size=512)
with studio(read_tier("lightweight")) as made:
    asyncio.run(made.make(request, Path(sys.argv[1]), lambda stage, progress: None))
print(Path("/proc/self/status").read_text())
"""
"""getrusage would count the process that started this one, too."""


def test_a_clip_takes_little_memory(tmp_path: Path) -> None:
    """In a process of its own, which does nothing else."""
    command = [sys.executable, "-c", MEMORY, str(tmp_path / "clip.mp4")]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, check=True, capture_output=True, timeout=110)
    peak = re.search(rb"VmHWM:\s+(\d+) kB", done.stdout)
    assert peak is not None
    assert int(peak[1]) * 1024 < PEAK_BYTES
