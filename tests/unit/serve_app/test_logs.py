"""Lines of a replica: ours and Serve's, each with whose work it tells of."""

import io
import json
import logging
from collections.abc import Iterator
from logging.handlers import MemoryHandler

import pytest
from ray._common.formatters import JSONFormatter

from serve_app.logs import set_up_replica_logs
from serve_app.telemetry import carrying


@pytest.fixture(params=[True, False], ids=["JSON", "text"])
def written(request: pytest.FixtureRequest) -> Iterator[tuple[bool, io.StringIO]]:
    """What is written to a replica's file, set up as Serve does it: a buffer of one line before the file."""
    kept = {
        name: (logger.handlers, logger.level, logger.propagate)
        for name in ("ray.serve", "serve_app", "backends")
        if (logger := logging.getLogger(name))
    }
    file = io.StringIO()
    writer = logging.StreamHandler(file)
    if request.param:
        writer.setFormatter(JSONFormatter())
    serve = logging.getLogger("ray.serve")
    serve.handlers, serve.propagate = [MemoryHandler(1, target=writer)], False
    serve.setLevel(logging.INFO)
    set_up_replica_logs()
    set_up_replica_logs()  # another replica class of the same process
    yield request.param, file
    for name, (handlers, level, propagate) in kept.items():
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)


@pytest.mark.parametrize("name", ["serve_app.runner", "backends.speech", "ray.serve"])
def test_line_tells_whose_work_it_is(written: tuple[bool, io.StringIO], name: str) -> None:
    as_json, file = written
    with carrying({"request_id": "r-1", "job_id": "j-2"}):
        logging.getLogger(name).info("drawn %d frames", 50)
    logging.getLogger(name).info("idle")
    first, second = file.getvalue().splitlines()
    if as_json:
        line = json.loads(first)
        assert (line["message"], line["request_id"], line["job_id"]) == (
            "drawn 50 frames",
            "r-1",
            "j-2",
        )
        assert (line["level"], line["logger"]) == ("INFO", name)
        assert "job_id" not in json.loads(second)
    else:
        assert first.endswith(f"INFO {name} request_id=r-1 job_id=j-2 drawn 50 frames")
        assert second.endswith(f"INFO {name} idle")


def test_what_was_raised_is_told(written: tuple[bool, io.StringIO]) -> None:
    as_json, file = written
    try:
        raise ValueError("out of\nbreath")
    except ValueError:
        logging.getLogger("serve_app").exception("it failed")
    if as_json:
        (line,) = file.getvalue().splitlines()
        assert "ValueError: out of\nbreath" in json.loads(line)["exception"]
    else:
        assert "ValueError: out of" in file.getvalue()


def test_lines_below_the_level_are_left_out(written: tuple[bool, io.StringIO]) -> None:
    logging.getLogger("serve_app").debug("detail")
    assert written[1].getvalue() == ""
