"""What is put behind the person, from the request to the avatar."""

import asyncio
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from backends.errors import InputError, UnreadableMediaError
from backends.faces.framing import Framing
from serve_app.config import EngineConfig
from serve_app.deployments import Animation
from serve_app.schemas import VideoRequest
from serve_app.storage import FolderStorage

PORTRAIT = "preset:hopper"


def framing(background: str) -> Framing:
    return Framing(size=256, background=background)


def test_the_request_says_it_to_the_framing() -> None:
    assert VideoRequest(text="hi").framing().background == "source"
    assert VideoRequest(text="hi", background="#1e90ff").framing().background == "#1e90ff"


def test_a_stored_picture_and_a_colour_are_shown(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path)
    stream = io.BytesIO()
    Image.fromarray(np.full((40, 60, 3), (250, 10, 10), np.uint8)).save(stream, "PNG")
    storage.put("background", stream.getvalue())
    storage.put("text", b"no picture")
    stage = Animation(EngineConfig(engine="rig"), storage)
    for background, colour in (("background", (250, 10, 10)), ("#0000ff", (0, 0, 255))):
        prepared = asyncio.run(stage.prepare(PORTRAIT, framing(background)))
        avatar, _ = stage._avatar(PORTRAIT, framing(background))
        assert prepared.size == avatar.still.shape[1::-1]
        assert (avatar.still[:4, -20:] == colour).all()
    with pytest.raises(InputError, match="is no colour"):
        asyncio.run(stage.prepare(PORTRAIT, framing("#12")))
    with pytest.raises(UnreadableMediaError, match="the background"):
        asyncio.run(stage.prepare(PORTRAIT, framing("text")))


def test_an_engine_without_backgrounds_says_so(tmp_path: Path) -> None:
    stage = Animation(EngineConfig(engine="sketch"), FolderStorage(tmp_path))
    with pytest.raises(InputError, match="sketch shows portraits before their own background"):
        asyncio.run(stage.prepare(PORTRAIT, framing("blur")))
