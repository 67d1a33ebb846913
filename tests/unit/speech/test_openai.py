"""The engine that asks a speech server: what it asks, and what it makes of every kind of answer."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest

from backends.errors import EngineError, InputError, SynthesisError
from backends.speech import load_engine
from backends.types import NO_CUE, SpeechChunk, TextSpan, Utterance
from tests.unit.speech.sound_files import encoded, said

KEY = "sk-very-secret"
TEXT = "We waited for an hour, and then we left."


@dataclass
class Server:
    """Answers in turn; the last answer again and again."""

    answers: list[tuple[int, bytes]]
    asked: list[tuple[dict[str, str], dict[str, Any]]] = field(default_factory=list)
    held: threading.Event = field(default_factory=threading.Event)
    """Nothing is answered before it is set."""
    url: str = ""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    chunk = said(TEXT)
    state = Server([(200, encoded(chunk.samples, chunk.sample_rate))])
    state.held.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            state.asked.append(
                ({name.lower(): value for name, value in self.headers.items()}, body)
            )
            state.held.wait(10)
            status, content = state.answers.pop(0) if len(state.answers) > 1 else state.answers[0]
            self.send_response(status)
            self.send_header("retry-after", "0")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.handle_error = lambda *args: None  # type: ignore[method-assign]
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    state.url = f"http://127.0.0.1:{http.server_port}/v1"
    yield state
    state.held.set()
    http.shutdown()
    thread.join()
    http.server_close()


def speak(server: Server, **options: Any) -> SpeechChunk:
    engine = load_engine("openai", {"base_url": server.url, **options})
    sentence = Utterance(TEXT, (TextSpan(0, len(TEXT), NO_CUE, -1),), "en")
    [chunk] = engine.synthesize(sentence, engine.info.voices[0], 0)
    return chunk


def test_the_server_gets_the_text_and_the_key(server: Server) -> None:
    speak(server, model="some-model", voices=["nova"])
    headers, body = server.asked[0]
    assert headers["authorization"] == f"Bearer {KEY}"
    assert body == {"model": "some-model", "input": TEXT, "voice": "nova", "response_format": "wav"}


def test_a_server_without_a_key_gets_none(server: Server) -> None:
    speak(server, key_variable="A_KEY_THAT_IS_NOT_SET")
    assert all("authorization" not in headers for headers, _ in server.asked)


def test_trouble_that_passes_is_waited_out(server: Server) -> None:
    server.answers[:0] = [(503, b"busy"), (429, b"slowly")]
    assert speak(server).words
    assert len(server.asked) == 4  # and one by which the voice's level is known


@pytest.mark.parametrize("status", [500, 503, 429])
def test_trouble_that_stays_is_told(server: Server, status: int) -> None:
    server.answers = [(status, b"not today")]
    with pytest.raises(SynthesisError, match=rf"{status}: not today"):
        speak(server, tries=2)
    assert len(server.asked) == 2


@pytest.mark.parametrize("status", [401, 403])
def test_a_wrong_key_names_its_variable_and_not_itself(server: Server, status: int) -> None:
    server.answers = [(status, f"wrong key {KEY}".encode())]
    with pytest.raises(EngineError, match="OPENAI_API_KEY") as error:
        speak(server)
    assert KEY not in error.value.message and len(server.asked) == 1


@pytest.mark.parametrize("status", [400, 404, 422])
def test_a_refusal_is_told_at_once(server: Server, status: int) -> None:
    server.answers = [(status, b'{"error": "no such voice"}' + b"x" * 10_000)]
    with pytest.raises(EngineError, match="no such voice") as error:
        speak(server)
    assert len(error.value.message) < 500 and len(server.asked) == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"error": "out of credit"}',
        b"<html>",
        b"RIFF\xff\xff\xff\xffWAVE",
    ],
    ids=["nothing", "json", "page", "head"],
)
def test_what_is_no_sound_is_not_spoken(server: Server, content: bytes) -> None:
    server.answers = [(200, content)]
    with pytest.raises(SynthesisError, match="no sound"):
        speak(server)


def test_sound_too_short_for_the_words_is_refused(server: Server) -> None:
    server.answers = [(200, encoded(np.full(2400, 0.1, np.float32), 24_000))]
    with pytest.raises(SynthesisError, match="too short"):
        speak(server)


def test_a_silent_server_is_not_waited_for_for_ever(server: Server) -> None:
    server.held.clear()
    with pytest.raises(SynthesisError, match=r"does not answer: ReadTimeout"):
        speak(server, timeout_s=0.2, tries=1)


def test_nobody_there() -> None:
    with pytest.raises(SynthesisError, match="does not answer"):
        speak(Server([], url="http://127.0.0.1:9/v1"), tries=1)


@pytest.mark.parametrize("url", ["ftp://host", "host/v1", "http://"])
def test_an_address_is_an_address(url: str) -> None:
    with pytest.raises(InputError, match="base_url"):
        load_engine("openai", {"base_url": url})
