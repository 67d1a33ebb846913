"""`prosopon speak --batch`: a table of videos, a row each, made one after another or a few at once.

What is made is kept on record beside the table: a run that was broken off, or whose table changed, makes only what is
missing. A row that cannot be made stops no other.
"""

import csv
import difflib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from threading import Event, Lock
from typing import Any, Literal, TextIO

from pydantic import ValidationError
from rich.markup import escape

from backends.errors import EngineError, InputError, ProsoponError, UnwritableOutputError
from backends.faces.framing import names_picture
from serve_app.cli.console import INPUT_AT_FAULT, OURS, batch_progress, err, print_table
from serve_app.cli.inputs import naming, read_pronunciations, read_text
from serve_app.cli.making import Maker, Media, Outputs, maker, read_request_media
from serve_app.config import StrictModel
from serve_app.schemas import ClipFacts, Report, VideoRequest

_OWN_COLUMNS = ("text_file", "output", "export_performance")
COLUMNS = (*VideoRequest.model_fields, *_OWN_COLUMNS)
"""As the flags, with dashes or underscores."""
_FILES = ("portrait", "driving_video", "audio", "reference_audio", "background")


class RowError(StrictModel):
    code: str
    message: str


class RowResult(StrictModel):
    row: int
    """1: the first below the names of the columns."""
    output: str
    status: Literal["made", "kept", "refused", "failed", "stopped"]
    """Kept: it was there already. Refused: the row is at fault. Stopped: the run ended before it was done."""
    clip: ClipFacts | None = None
    error: RowError | None = None


class BatchResult(StrictModel):
    rows: tuple[RowResult, ...]
    counts: dict[str, int]
    """Rows by status."""

    @property
    def exit_code(self) -> int:
        """Ours before theirs: what failed here may work the next time."""
        if self.counts.get("failed"):
            return OURS
        return INPUT_AT_FAULT if self.counts.get("refused") else 0


@dataclass(frozen=True, slots=True)
class Row:
    """One of the table, as it stands there; empty cells are left out."""

    number: int
    cells: Mapping[str, str]
    folder: Path
    """What relative paths count from: the table's."""
    fault: str = ""

    @property
    def output(self) -> Path:
        return self.folder / self.cells.get("output", f"{self.number:04d}.mp4")

    def request(self, defaults: Mapping[str, Any]) -> VideoRequest:
        """
        Args:
            defaults: fields for empty cells.

        Raises:
            InputError, ValidationError: the row is no request.
        """
        if self.fault:
            raise InputError(self.fault)
        fields: dict[str, Any] = {
            name: value for name, value in self.cells.items() if name not in _OWN_COLUMNS
        }
        for name in _FILES:
            if name in fields and _names_file(name, fields[name]):
                fields[name] = str(self.folder / fields[name])
        if "pronounce" in fields:
            fields["pronounce"] = read_pronunciations(self.folder / fields["pronounce"])
        fields = {**defaults, **fields}
        file = self.cells.get("text_file")
        source = self.folder / file if file else None
        driven = bool(fields.get("driving_video") or fields.get("audio"))
        fields["text"] = read_text(self.cells.get("text"), source, optional=driven)
        return VideoRequest.model_validate(fields)

    def outputs(self, request: VideoRequest) -> Outputs:
        exported = self.cells.get("export_performance")
        return Outputs.of(request, self.output, self.folder / exported if exported else None)


def _names_file(field: str, value: str) -> bool:
    return names_picture(value) if field == "background" else not value.startswith("preset:")


def read_rows(table: Path) -> list[Row]:
    """The rows of a CSV file, separated by commas, semicolons or tabs.

    Raises:
        InputError: it cannot be read, or its columns are none of ours.
    """
    text = read_text(None, table)
    head = text.partition("\n")[0]
    reader = csv.reader(text.splitlines(keepends=True), delimiter=max(",;\t", key=head.count))
    try:
        columns, *lines = [line for line in reader if any(cell.strip() for cell in line)]
    except csv.Error as error:
        raise InputError(f"{table}, line {reader.line_num}: {error}") from error
    except ValueError:
        raise InputError(f"{table} is empty; its first row names the columns") from None
    names = [_column(name, table) for name in columns]
    if repeated := [name for name, times in Counter(names).items() if times > 1]:
        raise InputError(f"{table} has the column {repeated[0]!r} twice")
    rows = [_row(number, names, line, table.parent) for number, line in enumerate(lines, 1)]
    if not rows:
        raise InputError(f"{table} has no rows below the names of its columns")
    return rows


def _column(written: str, table: Path) -> str:
    name = written.strip().lower().removeprefix("--").replace("-", "_")
    if name not in COLUMNS:
        near = difflib.get_close_matches(name, COLUMNS, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else f"; there are: {', '.join(COLUMNS)}"
        raise InputError(f"{table}: there is no column {written.strip()!r}{hint}")
    return name


def _row(number: int, names: list[str], line: list[str], folder: Path) -> Row:
    cells = {name: cell for name, cell in zip(names, line, strict=False) if cell.strip()}
    for name in cells.keys() - {"text"}:
        cells[name] = cells[name].strip()
    more = len(line) > len(names)
    fault = f"it has {len(line)} cells, and there are {len(names)} columns" if more else ""
    return Row(number, cells, folder, fault)


@dataclass(slots=True)
class _Record:
    """What was made of a table, a JSON line each, in a file beside it."""

    file: TextIO
    made: dict[str, tuple[str, int, ClipFacts]] = field(default_factory=dict)
    """By output: the digest of what was asked for, the size in bytes, the facts."""
    lock: Lock = field(default_factory=Lock)

    def has(self, output: Path, digest: str) -> ClipFacts | None:
        known, size, facts = self.made.get(str(output), ("", 0, None))
        there = known == digest and output.is_file() and output.stat().st_size == size
        return facts if there else None

    def add(self, output: Path, digest: str, facts: ClipFacts) -> None:
        entry = {
            "output": str(output),
            "digest": digest,
            "bytes": output.stat().st_size,
            "clip": facts.model_dump(mode="json"),
        }
        with self.lock:
            self.file.write(json.dumps(entry) + "\n")
            self.file.flush()


@contextmanager
def _record(table: Path) -> Iterator[_Record]:
    path = table.with_name(f"{table.name}.done")
    try:
        file = path.open("a+", encoding="utf-8")
    except OSError as error:
        raise UnwritableOutputError(
            f"cannot keep a record of what is made in {path}: {error.strerror or error}"
        ) from error
    with file:
        record = _Record(file)
        file.seek(0)
        for line in file:
            try:
                entry = json.loads(line)
                facts = ClipFacts.model_validate(entry["clip"])
                record.made[entry["output"]] = (entry["digest"], entry["bytes"], facts)
            except (ValueError, KeyError, TypeError):
                continue  # cut off in mid-line, or of another version: made again
        yield record


def _digest(request: VideoRequest, media: Media, outputs: Outputs) -> str:
    """SHA-256 of everything that decides what is made."""
    contents = {name: sha256(content).hexdigest() for name, content in media.items()}
    asked = request.model_copy(update=contents).model_dump(mode="json")
    others = [str(path) for path in (outputs.captions, outputs.performance) if path]
    made_of = json.dumps([version("prosopon"), asked, others], sort_keys=True)
    return sha256(made_of.encode()).hexdigest()


def run_batch(
    table: Path, defaults: Mapping[str, Any], server: str | None, key: str | None = None
) -> BatchResult:
    """Makes every row that is not made yet.

    Args:
        defaults: fields of the request for empty cells.

    Raises:
        InputError: the table as a whole cannot be used.
    """
    rows = read_rows(table)
    with _record(table) as record, maker(server, key) as how, batch_progress(len(rows)) as bar:
        batch = _Batch(defaults, record, how, _doubled(rows))
        results = batch.run(rows, bar)
    counts = Counter(result.status for result in results)
    return BatchResult(rows=tuple(results), counts=dict(counts))


def _doubled(rows: list[Row]) -> frozenset[int]:
    """Rows that would write over what an earlier one makes."""
    first: dict[Path, int] = {}
    for row in rows:
        first.setdefault(row.output, row.number)
    return frozenset(row.number for row in rows if first[row.output] != row.number)


@dataclass(frozen=True, slots=True)
class _Batch:
    defaults: Mapping[str, Any]
    record: _Record
    maker: Maker
    doubled: frozenset[int]
    stop: Event = field(default_factory=Event)

    def run(self, rows: list[Row], bar: Callable[[int], Report]) -> list[RowResult]:
        """In the order of the rows; an interruption ends what is under way, and the rest counts as stopped."""
        results = {row.number: _result(row, "stopped") for row in rows}

        def one(row: Row) -> None:
            if not self.stop.is_set():
                results[row.number] = self._one(row, bar(row.number))

        try:
            if self.maker.parallel == 1:
                for row in rows:
                    one(row)
            else:
                with ThreadPoolExecutor(self.maker.parallel) as pool:
                    try:
                        for _ in pool.map(one, rows):
                            pass
                    except KeyboardInterrupt:
                        self.stop.set()
                        raise
        except KeyboardInterrupt:
            pass
        return [results[row.number] for row in rows]

    def _one(self, row: Row, report: Report) -> RowResult:
        try:
            return self._made(row, report)
        except _Stopped:
            return _result(row, "stopped")
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            return _result(row, "refused", InputError(f"{where}: {first['msg']}"))
        except InputError as error:
            return _result(row, "refused", error)
        except ProsoponError as error:
            return _result(row, "failed", error)
        except Exception as error:
            return _result(row, "failed", EngineError(f"{type(error).__name__}: {error}"))

    def _made(self, row: Row, report: Report) -> RowResult:
        if row.number in self.doubled:
            raise UnwritableOutputError(f"an earlier row writes {row.output} already")
        request = row.request(self.defaults)
        outputs = row.outputs(request)
        media = read_request_media(request)
        digest = _digest(request, media, outputs)
        if facts := self.record.has(outputs.video, digest):
            return _result(row, "kept", facts=facts)

        def told(stage: Any, done: float) -> None:
            if self.stop.is_set():
                raise _Stopped
            report(stage, done)

        with naming(request), outputs.opened() as partial:
            facts = self.maker.make(request, media, partial, told)
        facts = facts.model_copy(update={"path": str(outputs.video)})
        self.record.add(outputs.video, digest, facts)
        return _result(row, "made", facts=facts)


class _Stopped(Exception):
    """The run is to end; whoever makes a video lets go of it."""


def _result(
    row: Row,
    status: Literal["made", "kept", "refused", "failed", "stopped"],
    error: ProsoponError | None = None,
    facts: ClipFacts | None = None,
) -> RowResult:
    told = error and RowError(code=error.code, message=error.message)
    return RowResult(row=row.number, output=str(row.output), status=status, clip=facts, error=told)


_COLOURS = {"made": "green", "kept": "dim", "refused": "yellow", "failed": "red", "stopped": "dim"}


def tell_batch(result: BatchResult) -> None:
    """One line a row, for people."""
    print_table(("row", "", "video", ""), [_line(row) for row in result.rows])
    counts = ", ".join(f"{count} {status}" for status, count in sorted(result.counts.items()))
    err.print(f"{len(result.rows)} rows: {counts}")


def _line(row: RowResult) -> tuple[str, ...]:
    status = f"[{_COLOURS[row.status]}]{row.status}[/]"
    told = ""
    if row.error is not None:
        told = f"{row.error.code}: {row.error.message}"
    elif row.clip is not None:
        told = f"{row.clip.duration_s:.2f} s, RTF {row.clip.real_time_factor:.2f}"
    return str(row.row), status, escape(row.output), escape(told)
