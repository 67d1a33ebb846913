"""What a process that decodes and the one that it decodes for say to each other.

Nothing is pickled: whoever took over the one that decodes could only send other numbers.
"""

from __future__ import annotations

import json
import math
import socket
import struct
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

REQUEST_BYTES = 2048
"""Of every request, filled up with blanks: they come one by one out of the socket."""
_LENGTH = struct.Struct(">I")
_MOST_HEADER = 64_000
_MOST_ARRAY = 2**30
_DTYPES = ("uint8", "float32")


@dataclass(frozen=True, slots=True)
class Limits:
    """What decoding one file may take."""

    memory_mb: int = 2048
    """Of addresses, beyond what the process has before it begins."""
    cpu_s: int = 30
    """Of processor time for each picture, frame or stretch of sound."""
    silence_s: float = 600.0
    """Of the clock, after which nothing more is awaited."""


@dataclass(frozen=True, slots=True)
class Request:
    job: str
    limits: Limits
    arguments: dict[str, Any] = field(default_factory=dict)

    def packed(self) -> bytes:
        text = json.dumps(asdict(self)).encode()
        assert len(text) <= REQUEST_BYTES, "names in messages are short"
        return text.ljust(REQUEST_BYTES)

    @staticmethod
    def unpacked(data: bytes) -> Request:
        told = json.loads(data)
        return Request(told["job"], Limits(**told["limits"]), told["arguments"])


@dataclass(frozen=True, slots=True)
class Part:
    """One of the things that make up an answer; the last one says so or what went wrong."""

    facts: dict[str, Any] = field(default_factory=dict)
    array: NDArray[Any] | None = None
    last: bool = False
    error: tuple[str, str] | None = None
    """Code and message."""


def send(to: socket.socket, part: Part) -> None:
    array = part.array
    told: dict[str, Any] = {"facts": part.facts, "last": part.last, "error": part.error}
    if array is not None:
        array = np.ascontiguousarray(array)
        told |= {"shape": array.shape, "dtype": array.dtype.name}
    header = json.dumps(told).encode()
    to.sendall(_LENGTH.pack(len(header)) + header)
    if array is not None and array.size:
        to.sendall(array.data.cast("B"))


def receive(source: socket.socket) -> Part | None:
    """None where the other side has gone without a last word.

    Raises:
        ValueError: what it says makes no sense.
    """
    length = _read(source, _LENGTH.size)
    if length is None:
        return None
    (size,) = _LENGTH.unpack(length)
    if size > _MOST_HEADER:
        raise ValueError(f"a header of {size} bytes")
    header = _read(source, size)
    if header is None:
        return None
    told = json.loads(bytes(header))
    array = None
    if "shape" in told:
        array = _array(source, told["shape"], told["dtype"])
        if array is None:
            return None
    code, message = told["error"] or ("", "")
    error = (str(code), str(message)) if told["error"] else None
    return Part(dict(told["facts"]), array, bool(told["last"]), error)


def _array(source: socket.socket, shape: list[int], dtype: str) -> NDArray[Any] | None:
    fits = dtype in _DTYPES and all(isinstance(side, int) and side >= 0 for side in shape)
    if not fits or math.prod(shape) * np.dtype(dtype).itemsize > _MOST_ARRAY:
        raise ValueError(f"an array of {shape} {dtype}")
    array = np.empty(shape, dtype)
    if array.size and not _fill(source, array.data.cast("B")):
        return None
    return array


def _read(source: socket.socket, size: int) -> bytearray | None:
    found = bytearray(size)
    return found if _fill(source, memoryview(found)) else None


def _fill(source: socket.socket, view: memoryview) -> bool:
    done = 0
    while done < len(view):
        count = source.recv_into(view[done:])
        if not count:
            return False
        done += count
    return True
