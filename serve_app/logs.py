"""Log lines: one formatter for all that a replica writes, as JSON or as text, each line with whose work it tells of.

Which of the two stands in the Serve configuration (`logging_config: {encoding: JSON}`), where the level does too.
"""

import json
import logging
import re
import traceback
from datetime import UTC, datetime

from serve_app import telemetry

_QUOTED = re.compile(r"""(?<!\w)[bru]?['"](?:.*['"]|.*)""", re.DOTALL)
_OURS = ("serve_app", "backends")
_MOST_CAUSES = 10
_FIELDS = ("application", "deployment", "replica", "route", "request_id", "job_id")
"""Of a record, told where they are known; Serve's own filters set those but the last."""


def told(error: BaseException) -> str:
    """What may be logged of an error: its kind, and its message without what stands in quotes, where messages name what
    callers wrote."""
    return f"{type(error).__name__}: {_QUOTED.sub('…', str(error))}"


class Formatter(logging.Formatter):
    """One line a record; what is raised stands behind it, in JSON inside it."""

    def __init__(self, as_json: bool) -> None:
        super().__init__()
        self._json = as_json

    def format(self, record: logging.LogRecord) -> str:
        known = {name: value for name in _FIELDS if (value := getattr(record, name, ""))}
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        raised = _raised(record.exc_info[1]) if record.exc_info else ""
        if self._json:
            line = {"time": at, "level": record.levelname, "logger": record.name}
            line |= {"message": record.getMessage()} | known
            return json.dumps(line | ({"exception": raised} if raised else {}), default=str)
        whose = "".join(
            f" {name}={known[name]}" for name in ("request_id", "job_id") if name in known
        )
        text = f"{at} {record.levelname} {record.name}{whose} {record.getMessage()}"
        return f"{text}\n{raised}" if raised else text


def _raised(error: BaseException | None) -> str:
    """An exception with those that led to it, the first first."""
    parts: list[str] = []
    while error is not None and len(parts) < _MOST_CAUSES:
        frames = "".join(traceback.format_tb(error.__traceback__))
        parts.append(f"Traceback (most recent call last):\n{frames}{told(error)}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n\nWhich led to:\n\n".join(reversed(parts))


def add_context(record: logging.LogRecord) -> bool:
    """A filter that lets everything pass and notes whose work it is, where the line is written."""
    if request := telemetry.request_id.get():
        record.request_id = request
    record.job_id = telemetry.job_id.get()
    return True


def set_up_replica_logs() -> None:
    """Our lines go where Serve writes those of this replica, and all of them through our formatter."""
    serve = logging.getLogger("ray.serve")
    for handler in serve.handlers:
        writer = getattr(handler, "target", None) or handler
        if not isinstance(writer.formatter, Formatter):
            writer.setFormatter(Formatter("JSON" in type(writer.formatter).__name__))
            handler.addFilter(add_context)
    for name in _OURS:
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = list(serve.handlers), False
        logger.setLevel(serve.level)
