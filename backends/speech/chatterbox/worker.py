"""Chatterbox in its own environment: run as a script by that environment's interpreter, with the folder of the
checkpoint and the device. It speaks what comes through its standard input until that ends.

Frames go through the pipes both ways: a head in JSON and a body of bytes, behind their lengths. Beside the standard
library this module needs only what that environment has, and nothing of this project.
"""

import io
import json
import os
import struct
import sys
from collections import OrderedDict
from importlib import import_module
from typing import IO, Any

LENGTHS = struct.Struct("<II")
_MOST_HEAD, _MOST_BODY = 1 << 20, 1 << 28
_KEPT = 64
"""Speakers whose conditionals stay in memory."""
_TOLD = 2000

Frame = tuple[dict[str, Any], bytes]


def packed(head: dict[str, Any], body: bytes = b"") -> bytes:
    text = json.dumps(head).encode()
    return LENGTHS.pack(len(text), len(body)) + text + body


def lengths(start: bytes) -> tuple[int, int]:
    """Of a frame's head and body.

    Raises:
        ValueError: it is no frame.
    """
    head, body = LENGTHS.unpack(start)
    if head > _MOST_HEAD or body > _MOST_BODY:
        raise ValueError(f"a frame of {head} and {body} bytes")
    return head, body


class Speaking:
    """The model and the speakers that it has learnt."""

    def __init__(self, folder: str, device: str) -> None:
        self._torch: Any = import_module("torch")
        self._library: Any = import_module("chatterbox.mtl_tts")
        if device == "auto":
            device = "cuda" if self._torch.cuda.is_available() else "cpu"
        self._model = self._library.ChatterboxMultilingualTTS.from_local(folder, device)
        self._own = self._model.conds
        self._speakers: OrderedDict[str, Any] = OrderedDict()

    def facts(self) -> dict[str, Any]:
        return {"sample_rate": int(self._model.sr), "own_voice": self._own is not None}

    def answer(self, head: dict[str, Any], body: bytes) -> Frame:
        """Float32 samples of a text; a speaker that is not known is asked for, and comes with the next request."""
        key = head["speaker"]
        if body:
            self._learn(key, body)
        if key is not None and key not in self._speakers:
            return {"unknown": key}, b""
        speaker = self._own if key is None else self._speakers[key]
        # generate() changes the conditionals that the model holds: these are the request's own
        self._model.conds = self._library.Conditionals(speaker.t3, speaker.gen)
        self._torch.manual_seed(head["seed"])
        sound = self._model.generate(head["text"], head["language"], **head["manner"])
        return {}, sound.float().numpy().astype("<f4").tobytes()

    def _learn(self, key: str, recording: bytes) -> None:
        self._torch.manual_seed(0)
        self._model.prepare_conditionals(io.BytesIO(recording))
        self._speakers[key] = self._model.conds
        while len(self._speakers) > _KEPT:
            self._speakers.popitem(last=False)


def serve(requests: IO[bytes], answers: IO[bytes], speaking: Speaking) -> None:
    while start := requests.read(LENGTHS.size):
        head_size, body_size = lengths(start)
        head, body = json.loads(requests.read(head_size)), requests.read(body_size)
        try:
            told = packed(*speaking.answer(head, body))
        except Exception as error:  # whatever it is, the other side is told
            told = packed({"error": f"{type(error).__name__}: {error}"[:_TOLD]})
        answers.write(told)
        answers.flush()


def main() -> None:
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # libraries print
    speaking = Speaking(*sys.argv[1:])
    answers.write(packed(speaking.facts()))
    answers.flush()
    serve(sys.stdin.buffer, answers, speaking)


if __name__ == "__main__":
    main()
