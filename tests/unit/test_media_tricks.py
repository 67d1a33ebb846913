"""Files that ask FFmpeg to open other files: none is followed, even where what they name is there and can be played."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from backends.errors import UnreadableMediaError
from backends.faces.images import read_image
from backends.faces.video import open_video
from backends.speech.recorded import open_recording

TRICKS: dict[str, Callable[[Path], str]] = {
    "HLS": lambda path: f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{path}\n#EXT-X-ENDLIST\n",
    "HLS of an address": lambda path: f"#EXTM3U\n#EXTINF:2,\nfile://{path}\n#EXT-X-ENDLIST\n",
    "list of files": lambda path: f"ffconcat version 1.0\nfile '{path}'\n",
    "concat": lambda path: f"concat:{path}|{path}",
    "subfile": lambda path: f"subfile,,start,0,end,0,,:{path}",
    "file": lambda path: f"file:{path}",
    "SDP": lambda _: "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nm=audio 9 RTP/AVP 0\n",
    "DASH": lambda path: f'<?xml version="1.0"?><MPD><BaseURL>{path}</BaseURL></MPD>',
    "SVG": lambda path: f'<svg xmlns="http://www.w3.org/2000/svg"><image href="{path}"/></svg>',
}


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """Something that could be played."""
    path = tmp_path / "secret.wav"
    hum = 0.3 * np.sin(np.arange(32_000) / 10)
    soundfile.write(path, hum, 16_000)
    assert open_recording(path.read_bytes(), "secret.wav")
    return path


@pytest.mark.parametrize("trick", TRICKS)
def test_no_file_leads_to_another(trick: str, secret: Path) -> None:
    asked = secret.with_name("asked.mp4")
    asked.write_text(TRICKS[trick](secret))
    with pytest.raises(UnreadableMediaError, match="is not sound"):
        open_recording(asked.read_bytes(), "asked.mp4")
    with pytest.raises(UnreadableMediaError, match="is not a video"):
        list(open_video(asked.read_bytes(), "asked.mp4").frames())
    with pytest.raises(UnreadableMediaError):
        read_image(asked)
