"""Starts a service that fails, then one that works until it is interrupted; tells of both on standard output."""

import json
import signal
import sys
import threading
from copy import deepcopy
from pathlib import Path
from typing import Any

import psutil

from backends.errors import EngineError
from serve_app.config import read_serve_config
from serve_app.service import LocalService
from tests.serve.conftest import few_replicas


def tell(**facts: object) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def main(home: Path) -> int:
    config = few_replicas(read_serve_config("lightweight"))
    args = config["applications"][1]["args"]
    args |= {"speech": {"engine": "tone"}, "animation": {"engine": "sketch"}}
    broken: dict[str, Any] = deepcopy(config)
    broken["applications"][1]["args"]["speech"]["options"] = {"nonsense": 1}

    folders: list[str] = []

    def watch(_: object) -> None:
        folders.append(str(service.logs.parents[2]))

    service = LocalService(broken, port=0, folder=home, watch=watch)
    try:
        with service:
            tell(error="it started")
    except EngineError as error:
        left = [" ".join(p.cmdline())[:80] for p in psutil.Process().children(recursive=True)]
        tell(error=error.message, left=left, folder=folders[0])
    try:
        with LocalService(config, port=0, folder=home) as service:
            tell(url=service.url, folder=str(service.logs.parents[2]))
            threading.Event().wait()
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a script's background jobs ignore it
    sys.exit(main(Path(sys.argv[1])))
