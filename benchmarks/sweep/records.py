"""What is measured, and the file that it is kept in: JSON lines, the first of which says on what and of what."""

import json
import os
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

import psutil
from pydantic import Field, ValidationError

from backends.errors import InputError
from benchmarks.machine import machine
from serve_app.config import StrictModel, read_tier, tier_names
from serve_app.kept import code_version

FILE = "sweep.jsonl"
_PACKAGES = ("av", "mediapipe", "numba", "numpy", "onnxruntime", "prosopon", "ray", "torch")


class Clip(StrictModel):
    """A video made in this process: "cold" in a fresh one, all of it counted; "warm" after one that did not count."""

    kind: Literal["cold", "warm"]
    tier: str
    language: str = "en"
    characters: int = 180
    emotion: str = "neutral"
    """Held throughout; "changing": another with each sentence."""
    size: int = 512
    """Longer side in pixels."""
    fps: int = 25

    @property
    def label(self) -> str:
        what = f"{self.characters} characters, {self.emotion}, {self.size} px, {self.fps}/s"
        return f"{self.tier} {self.language}, {what}" + ", cold" * (self.kind == "cold")


class Talk(StrictModel):
    """Speech alone, by one engine."""

    kind: Literal["speech", "sentence"]
    """"sentence": all of it as one utterance, to find the longest that the engine speaks whole."""
    engine: str
    language: str
    characters: int
    emotion: str = "neutral"

    @property
    def label(self) -> str:
        said = "a sentence" if self.kind == "sentence" else f"{self.emotion} speech"
        return f"{self.engine} {self.language}, {said} of {self.characters} characters"


class Parsing(StrictModel):
    """A text with a cue before every sentence, read."""

    kind: Literal["parsing"]
    characters: int

    @property
    def label(self) -> str:
        return f"parsing {self.characters} characters"


class Served(StrictModel):
    """Videos through a service of its own: one by one, always one waiting, or at a share of that capacity."""

    kind: Literal["served"]
    step: Literal["idle", "capacity", "load"]
    share: float = 0.0
    seconds: float = 0.0
    size: int = 512

    @property
    def label(self) -> str:
        return f"service, {self.step}" + (f" at {self.share:.0%}" if self.share else "")


Task = Clip | Talk | Parsing | Served


class Made(StrictModel):
    """What a clip or a speech cost and came to."""

    characters: int
    """That were spoken."""
    wall_s: float
    cpu_s: float
    """Processor time of the process and its children, all cores."""
    duration_s: float
    """Of what was made."""
    peak_mib: float
    """Largest resident memory of the process meanwhile."""
    first_s: float | None = None
    """Until the first segment could be played."""
    limit: int | None = None
    """Of speech: the longest utterance that the engine says it takes, in characters."""
    stages: dict[str, float] = Field(default_factory=dict)
    """Seconds in each; drawing is summed over what is drawn at once."""


class Read(StrictModel):
    characters: int
    cues: int
    cpu_s: float


class Answered(StrictModel):
    """What clients of the service met."""

    rate: float
    """Requests a second; of step "capacity", videos a second."""
    videos: int
    failed: int
    """Refused, or ended otherwise than well."""
    first_s: dict[str, float] = Field(default_factory=dict)
    """Until the first second could be played, from when the request was due: p50, p95, max."""
    finished_s: dict[str, float] = Field(default_factory=dict)
    under_way: float = 0.0
    """Videos at a time, on average."""
    memory_mib: int | None = None
    """Of all processes, shared pages counted once."""


class Row(StrictModel):
    """One measurement; `failure` says why there is nothing found."""

    task: Task = Field(discriminator="kind")
    round: int
    repeat: int = 1
    """Which of the same task's in the round."""
    at: str
    load: float
    """Load average of the minute before."""
    found: Made | Read | Answered | None = None
    failure: str = ""


class Context(StrictModel):
    """What the figures of a file hold for."""

    machine: dict[str, Any]
    versions: dict[str, str]
    commit: str
    code: str
    """Digest of the sources and of all that is installed."""
    configs: dict[str, str]
    """Digest of each tier's configuration."""
    max_characters: dict[str, int]
    """The longest text that each tier takes."""

    @property
    def id(self) -> str:
        """The same for all figures that may stand side by side."""
        return _digest(self.model_dump_json(exclude={"commit"}))


def here() -> Context:
    """This machine, with what is installed on it."""
    facts = machine()
    facts.pop("load_before")
    tiers = {name: read_tier(name) for name in tier_names()}
    memory = {"memory_gib": round(psutil.virtual_memory().total / 2**30, 1)}
    return Context(
        machine=facts | {"usable_cores": len(os.sched_getaffinity(0))} | memory,
        versions={name: found for name in _PACKAGES if (found := _version(name))},
        commit=_commit(),
        code=code_version()[:12],
        configs={name: _digest(tier.model_dump_json()) for name, tier in tiers.items()},
        max_characters={name: tier.max_characters for name, tier in tiers.items()},
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _commit() -> str:
    """Of the checkout that this runs from; nothing where it is none."""
    command = ("git", "describe", "--always", "--dirty")
    root = Path(__file__).parents[2]
    with suppress(OSError):
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
        return done.stdout.strip()
    return ""


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:12]


class Records:
    """A file of measurements; each is on disk before the next begins."""

    def __init__(self, path: Path, context: Context) -> None:
        """Goes on with what is there of the same context, without what failed; what is there of another moves aside,
        told by `moved`.

        Raises:
            InputError: the file holds something else.
        """
        self.path, self.context = path, context
        self.rows: list[Row] = []
        self.moved: Path | None = None
        if path.exists():
            before, rows = read(path)
            if before.id == context.id:
                self.context, self.rows = before, [row for row in rows if not row.failure]
            else:
                self.moved = path.with_name(f"{path.stem}-{before.id}{path.suffix}")
                path.replace(self.moved)
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, self.context, self.rows)  # without a line that broke off

    def done(self, task: Task, round: int = 1, repeat: int = 1) -> Row | None:
        """The measurement, where it was made already."""
        wanted = task, round, repeat
        return next((r for r in self.rows if (r.task, r.round, r.repeat) == wanted), None)

    def add(
        self,
        task: Task,
        found: Made | Read | Answered | None,
        failure: str = "",
        round: int = 1,
        repeat: int = 1,
    ) -> Row:
        row = Row(
            task=task,
            round=round,
            repeat=repeat,
            at=datetime.now(UTC).isoformat(timespec="seconds"),
            load=load_now(),
            found=found,
            failure=failure.replace(str(Path.home()), "~"),  # results are shown to others
        )
        self.rows.append(row)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(_line(row))
        return row


def load_now() -> float:
    return round(os.getloadavg()[0], 2)


def write(path: Path, context: Context, rows: Iterable[Row]) -> None:
    lines = [json.dumps({"context": context.model_dump()}, ensure_ascii=False) + "\n"]
    partial = path.with_name(f"{path.name}.part")
    partial.write_text("".join([*lines, *map(_line, rows)]), encoding="utf-8")
    partial.replace(path)


def _line(row: Row) -> str:
    return row.model_dump_json(exclude_none=True) + "\n"


def read(path: Path) -> tuple[Context, list[Row]]:
    """A file's context and measurements; a last line that broke off is left out.

    Raises:
        InputError: it cannot be read, or a line of it is no measurement.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as results: {error}") from error
    lines = text.split("\n")[:-1]
    try:
        first = json.loads(lines[0])["context"]
        return Context.model_validate(first), list(_rows(path, lines[1:]))
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path}: does not begin with the context of a sweep") from error


def _rows(path: Path, lines: Iterable[str]) -> Iterator[Row]:
    for number, line in enumerate(lines, 2):
        try:
            yield Row.model_validate_json(line)
        except ValidationError as error:
            what = error.errors(include_url=False)[0]
            raise InputError(
                f"{path}: line {number} is no measurement: {what['msg']} at {what['loc']}"
            ) from error
