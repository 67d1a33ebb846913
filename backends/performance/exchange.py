"""Performances as the CSV of face-capture tools, and as JSON.

The CSV has the columns of Epic's Live Link Face, which Unreal, Blender and Unity add-ons read:
Apple's 52 coefficients, then rotations of head and eyes in radians, with the signs of
`backends.types.POSE` and `Performance.gaze`. It has no place for translation and for the extra
channels; JSON keeps all of it.
"""

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from backends.errors import InputError, shown
from backends.types import COEFFICIENTS, POSE, FloatArray, Performance

HEAD = ("HeadYaw", "HeadPitch", "HeadRoll")
EYES = ("LeftEyeYaw", "LeftEyePitch", "LeftEyeRoll", "RightEyeYaw", "RightEyePitch", "RightEyeRoll")
CSV_COLUMNS = (
    "Timecode",
    "BlendShapeCount",
    *(name[0].upper() + name[1:] for name in COEFFICIENTS),
    *HEAD,
    *EYES,
)
GAZE = ("x_deg", "y_deg")
EXTRAS = ("closure", "tongue", "teeth", "relax")
DECIMALS = 5
MAX_ROWS = 100_000
"""More than an hour at 25 frames a second."""
MAX_CHARACTERS = 128 * 1024 * 1024

Fps = Annotated[int, Field(ge=1, le=240)]
Value = Annotated[float, Field(ge=-1e6, le=1e6)]


def to_csv(performance: Performance) -> str:
    """Live Link Face's CSV, a row a frame; timecodes count from the start of the clip."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    turns = np.deg2rad(performance.pose[:, :3].astype(np.float64))
    gaze = np.deg2rad(performance.gaze.astype(np.float64))
    still = np.zeros(len(performance))
    eye = np.stack([gaze[:, 0], gaze[:, 1], still], axis=1)
    table = np.concatenate([performance.coefficients, turns, eye, eye], axis=1)
    count = len(CSV_COLUMNS) - 2
    for frame, row in enumerate(table, start=performance.start):
        values = (f"{v:.6f}" for v in row)
        writer.writerow([_timecode(frame, performance.fps), count, *values])
    return out.getvalue()


def _timecode(frame: int, fps: int) -> str:
    seconds, part = divmod(frame, fps)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}:{part:02}.000"


def from_csv(text: str, fps: int) -> Performance:
    """A performance from a face-capture CSV: one row a frame, columns found by name.

    Coefficients are clipped to 0..1, columns that are missing stay 0, others are ignored. Lips that
    `mouthClose` holds together over an open jaw count as closed. The photo's own expression is
    undone, as the recording has its own.

    Args:
        text: The file.
        fps: Frames a second of the recording.

    Raises:
        InputError: not such a file; the message names the line.
    """
    _check_size(text)
    if not 1 <= fps <= 240:
        raise InputError(f"{fps} frames a second cannot be read: give the recording's own, 1..240.")
    reader = csv.reader(io.StringIO(text.lstrip("\ufeff")), strict=True)
    try:
        lines = [line for line in reader if line]
    except csv.Error as error:
        raise InputError(f"The CSV cannot be read: {error} (line {reader.line_num}).") from error
    places = _columns(lines[0]) if lines else {}
    if not any(name in places for name in map(str.lower, COEFFICIENTS)):
        raise InputError(
            "The CSV names no ARKit coefficient in its first line: it must begin like "
            "Timecode,BlendShapeCount,EyeBlinkLeft,…"
        )
    _check_rows(len(lines) - 1)
    columns = _numbers(lines[1:], places, len(lines[0]))
    still = np.zeros(len(lines) - 1, np.float32)

    def degrees(*names: str) -> FloatArray:
        found = [columns[n.lower()] for n in names if n.lower() in columns]
        return np.rad2deg(np.mean(found, axis=0)).astype(np.float32) if found else still

    faces = [np.clip(columns.get(name.lower(), still), 0.0, 1.0) for name in COEFFICIENTS]
    coefficients = np.stack(faces, axis=1).astype(np.float32)
    gaze = [degrees("LeftEyeYaw", "RightEyeYaw"), degrees("LeftEyePitch", "RightEyePitch")]
    jaw, close = (coefficients[:, COEFFICIENTS.index(n)] for n in ("jawOpen", "mouthClose"))
    closure = np.where(jaw > 0.02, np.clip(close / np.maximum(jaw, 0.02), 0.0, 1.0), 0.0)
    return Performance(
        coefficients=coefficients,
        pose=np.stack([*(degrees(n) for n in HEAD), still, still, still], axis=1),
        gaze=np.stack(gaze, axis=1),
        extra={
            "closure": closure.astype(np.float32),
            "tongue": still,
            "teeth": still,
            "relax": np.ones_like(still),
        },
        fps=fps,
    )


def _columns(header: Sequence[str]) -> dict[str, int]:
    places: dict[str, int] = {}
    for place, name in enumerate(header):
        key = name.strip().lower()
        if key in places:
            raise InputError(f"The CSV has the column {name.strip()!r} twice.")
        places[key] = place
    return places


_READ = frozenset(name.lower() for name in (*COEFFICIENTS, *HEAD, *EYES))


def _numbers(
    lines: Sequence[Sequence[str]], places: Mapping[str, int], width: int
) -> dict[str, FloatArray]:
    wanted = {name: place for name, place in places.items() if name in _READ}
    table = np.zeros((len(lines), len(wanted)), np.float32)
    for row, line in enumerate(lines):
        if len(line) != width:
            raise InputError(
                f"Row {row + 1} of the CSV has {len(line)} values; its first line names {width}."
            )
        for column, (name, place) in enumerate(wanted.items()):
            table[row, column] = _number(line[place], name, row)
    return {name: table[:, column] for column, name in enumerate(wanted)}


def _number(text: str, name: str, row: int) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not abs(value) < 1e6:
        raise InputError(f"Row {row + 1} of the CSV has {text[:40]!r} as {name}: not a number.")
    return value


class _Frame(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    coefficients: Annotated[list[Value], Field(min_length=52, max_length=52)]
    pose: Annotated[list[Value], Field(min_length=6, max_length=6)]
    gaze: Annotated[list[Value], Field(min_length=2, max_length=2)]
    extra: Annotated[list[Value], Field(max_length=64)]


class _Names(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    coefficients: tuple[str, ...] = COEFFICIENTS
    pose: tuple[str, ...] = POSE
    gaze: tuple[str, ...] = GAZE
    extra: tuple[str, ...] = EXTRAS


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    format: Literal["prosopon-performance"]
    version: Literal[1]
    fps: Fps
    start: Annotated[int, Field(ge=0)]
    names: _Names
    frames: Annotated[list[_Frame], Field(max_length=MAX_ROWS)]


def to_json(performance: Performance) -> str:
    """All of a performance, values to 5 decimals: names, fps and a list of frames."""
    names = tuple(performance.extra)
    extra = np.stack([performance.extra[n] for n in names], axis=1) if names else None
    frames = [
        {
            "coefficients": _listed(performance.coefficients[i]),
            "pose": _listed(performance.pose[i]),
            "gaze": _listed(performance.gaze[i]),
            "extra": _listed(extra[i]) if extra is not None else [],
        }
        for i in range(len(performance))
    ]
    head = {
        "format": "prosopon-performance",
        "version": 1,
        "fps": performance.fps,
        "start": performance.start,
        "names": _Names(extra=names).model_dump(),
        "frames": frames,
    }
    return json.dumps(head, separators=(",", ":"))


def _listed(row: FloatArray) -> list[float]:
    return [round(v, DECIMALS) for v in row.tolist()]


def from_json(text: str) -> Performance:
    """The performance that `to_json` wrote, coefficients clipped to 0..1.

    Raises:
        InputError: not such a file; the message names the first fault.
    """
    _check_size(text)
    try:
        data = _File.model_validate_json(text)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        where = shown(".".join(map(str, fault["loc"]))) or "the file"
        raise InputError(f"The performance JSON is wrong at {where}: {fault['msg']}.") from error
    names = data.names
    if (names.coefficients, names.pose, names.gaze) != (COEFFICIENTS, POSE, GAZE):
        raise InputError(
            "The performance JSON names other columns: coefficients must be Apple's 52 in Apple's "
            f"order, pose {', '.join(POSE)}, gaze {', '.join(GAZE)}."
        )
    if len(set(names.extra)) != len(names.extra):
        raise InputError("The performance JSON names an extra channel twice.")
    _check_rows(len(data.frames))
    for i, frame in enumerate(data.frames):
        if len(frame.extra) != len(names.extra):
            raise InputError(
                f"Frame {i} of the performance JSON has {len(frame.extra)} extra values; "
                f"{len(names.extra)} are named."
            )
    extra = np.array([f.extra for f in data.frames], np.float32)
    return Performance(
        coefficients=_clipped([f.coefficients for f in data.frames]),
        pose=np.array([f.pose for f in data.frames], np.float32),
        gaze=np.array([f.gaze for f in data.frames], np.float32),
        extra={name: np.clip(extra[:, k], 0.0, 1.0) for k, name in enumerate(names.extra)},
        fps=data.fps,
        start=data.start,
    )


def _clipped(rows: list[list[float]]) -> FloatArray:
    return np.clip(np.array(rows, np.float32), 0.0, 1.0)


def _check_size(text: str) -> None:
    if len(text) > MAX_CHARACTERS:
        raise InputError(f"The file has {len(text)} characters; {MAX_CHARACTERS} can be read.")


def _check_rows(rows: int) -> None:
    if not 1 <= rows <= MAX_ROWS:
        raise InputError(f"The file has {rows} frames: it must have 1 to {MAX_ROWS}.")
