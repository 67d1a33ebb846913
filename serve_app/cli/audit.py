"""`prosopon audit`: who changed what, and who was refused."""

import re
import time
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from backends.errors import InputError
from serve_app.cli.catalogue import AsJson
from serve_app.cli.console import err, out, print_json, reported
from serve_app.cli.keys import opened, seconds

if TYPE_CHECKING:
    from serve_app.audit import Line


def audit(
    since: Annotated[
        str | None,
        typer.Option(help="How far back: 12h, 7d, or a day as 2026-11-01.", metavar="TIME"),
    ] = None,
    key: Annotated[
        str | None, typer.Option(help="Of this API key alone: its name, or how it begins.")
    ] = None,
    limit: Annotated[int, typer.Option(help="No more than the latest.", min=1)] = 200,
    as_json: AsJson = False,
) -> None:
    """Show who changed what, and who was refused: the latest last."""
    from serve_app.sql_audit import SqlAudit

    with reported(as_json):
        begin = None if since is None else _time(since)
        log = SqlAudit(opened())
        found = log.read(limit, since=begin, key=None if key is None else _prefix(key)).lines[::-1]
        if as_json:
            print_json([asdict(line) | {"at": _shown(line.at, "milliseconds")} for line in found])
            return
        if not found:
            err.print("Nothing was changed or refused in that time.")
        for line in found:
            out.print(_told(line), highlight=False, markup=False, soft_wrap=True)


def _told(line: "Line") -> str:
    who = line.name or line.actor or "-"
    times = f" x{line.times}" if line.times > 1 else ""
    request = f" request={line.request_id}" if line.request_id else ""
    what = f"{line.action:<15} {line.object or '-':<32} {line.outcome}{times}"
    return f"{_shown(line.at, 'seconds')}  {who:<16} {line.tenant or '-':<16} {what}{request}"


def _shown(at: float, exactly: str) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat("T", exactly)


def _prefix(key: str) -> str:
    """Of a key as `keys list` shows its beginning; a name as it is."""
    read = re.match(r"psp_([0-9a-f]{12})", key)
    return read[1] if read else key


def _time(since: str) -> float:
    if (span := seconds(since)) is not None:
        return time.time() - span
    try:
        day = datetime.fromisoformat(since)
    except ValueError as error:
        raise InputError(f"--since {since!r} is no time; say 12h, 7d or 2026-11-01") from error
    return (day if day.tzinfo else day.replace(tzinfo=UTC)).timestamp()
