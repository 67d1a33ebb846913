"""Speech engines as tests have them: with small random weights, or with a server of the test, where they need some."""

import io
import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import soundfile

from backends.speech import find_voice, load_engine
from backends.speech.engine import SpeechEngine
from backends.speech.torch_models import is_installed
from backends.types import NO_CUE, Speech, TextSpan, Utterance
from tests.contract.small_chatterbox import chatterbox

LIGHT = "the light set is installed; run: make test"


def small_engine(name: str, folders: pytest.TempPathFactory, stack: ExitStack) -> SpeechEngine:
    """The engine of that name, for as long as the stack is open."""
    if name == "espnet":
        return _espnet(folders)
    if name == "xtts":
        return _xtts(folders)
    if name == "chatterbox":
        return load_engine(name, chatterbox(folders.mktemp("chatterbox")))
    if name == "kokoro":
        return load_engine(name, {"threads": 1})  # two take a quarter more of a busy machine's time
    if name == "openai":
        url = stack.enter_context(speech_server())
        return load_engine(name, {"base_url": url, "voices": ["joe"], "languages": ["en", "el"]})
    return load_engine(name)


def _espnet(folders: pytest.TempPathFactory) -> SpeechEngine:
    if not is_installed("espnet2"):
        pytest.skip(LIGHT)
    from tests.contract.small_espnet import IPA, vits

    voices = {}
    for language in ("en", "el"):
        folder = vits(folders.mktemp("espnet"), IPA, "espeak_ng")
        files = {"train_config": folder / "config.yaml", "model_file": folder / "model.pth"}
        voices[language] = {**files, "language": language}
    return load_engine("espnet", {"voices": voices})


def _xtts(folders: pytest.TempPathFactory) -> SpeechEngine:
    if not is_installed("TTS"):
        pytest.skip(LIGHT)
    from tests.contract.small_xtts import narrow_vocoder, xtts

    with narrow_vocoder():
        folder = xtts(folders.mktemp("xtts"))
        return load_engine("xtts", {"checkpoint": folder, "accept_licence": True})


@contextmanager
def speech_server() -> Iterator[str]:
    """A server as OpenAI's, in whose stead Piper speaks; yields its base URL."""
    piper = load_engine("piper")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            assert self.path == "/v1/audio/speech" and asked["voice"] == "joe"
            sound = _spoken(piper, asked["input"])
            self.send_response(200)
            self.send_header("content-type", "audio/wav")
            self.send_header("content-length", str(len(sound)))
            self.end_headers()
            self.wfile.write(sound)

        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _spoken(engine: SpeechEngine, text: str) -> bytes:
    greek = any("α" <= char.lower() <= "ω" for char in text)
    language = "el" if greek else "en"
    what = Utterance(text, (TextSpan(0, len(text), NO_CUE, -1),), language)
    speech = Speech(tuple(engine.synthesize(what, find_voice(engine, None, "en"), 0)))
    file = io.BytesIO()
    soundfile.write(file, speech.samples, speech.sample_rate, format="WAV", subtype="PCM_16")
    return file.getvalue()
