"""A Ray of this process's own, and an end to it.

It disturbs no other Ray and is disturbed by none: it has its own folder, ports and token, is reached through the
loopback interface, and at the end exactly the processes that it started are gone.
"""

import contextlib
import fcntl
import logging
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import IO

import psutil
import ray

from backends.errors import EngineError
from serve_app import serve_proxy

OBJECTS_BYTES = 128 * 2**20
"""Of shared memory; what goes between stages is small."""
_PREFIX, _LOCK = "prosopon-", "owner.lock"
_LONGEST_FOLDER = 40
"""Characters: sockets lie 60 deeper, and their paths may have 107."""
_STARTS = 3
"""How often Ray is started before it counts as failed: on a busy machine its own patience of 30 s is short."""
_STOPPING_S = 15.0
_TERMINATING_S = 3.0


class PrivateRay:
    """Started and stopped by hand, any number of times; one at a time in a process."""

    def __init__(self, cpus: int) -> None:
        """
        Args:
            cpus: how many replicas may reserve. Ray only counts: where there are fewer, all is slower and none stuck.
        """
        self._cpus = max(cpus, os.cpu_count() or 1)
        self._before: set[int] = set()
        self._folder: Path | None = None
        self._lock: IO[str] | None = None

    @property
    def folder(self) -> Path:
        """Where Ray keeps sockets and logs while it runs.

        Raises:
            EngineError: it does not run.
        """
        if self._folder is None:
            raise EngineError("Ray is not started")
        return self._folder

    def start(self) -> None:
        """
        Raises:
            EngineError: the process uses a Ray already, or Ray does not start.
        """
        if ray.is_initialized():
            raise EngineError("this process uses Ray already; a service needs a process of its own")
        clear_away(Path(short_folder()))
        for attempt in range(1, _STARTS + 1):
            try:
                self._try()
                return
            except BaseException as error:
                self.stop()
                if not isinstance(error, Exception):  # an interrupt
                    raise
                if attempt == _STARTS:
                    raise EngineError(f"Ray does not start on this machine: {error}") from error

    def _try(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=short_folder()))
        self._lock = hold(self._folder)
        self._before = {child.pid for child in psutil.Process().children()}
        with ray_environment(self._folder):
            # Ray reads this from the environment when it is first imported, which was earlier.
            ray._private.ray_constants.ENABLE_RAY_CLUSTER = False
            ray.init(
                address="local",
                num_cpus=self._cpus,
                include_dashboard=False,
                object_store_memory=OBJECTS_BYTES,
                log_to_driver=False,
                logging_level=logging.ERROR,
                _node_ip_address="127.0.0.1",
                _temp_dir=str(self._folder),
            )

    def _ours(self) -> Iterator[psutil.Process]:
        """What came of it: not what a process started that had been there before."""
        for child in psutil.Process().children():
            if child.pid not in self._before:
                yield child
                with contextlib.suppress(psutil.NoSuchProcess):
                    yield from child.children(recursive=True)

    def stop(self) -> None:
        """Ends it, with every process that came of it."""
        ours = list(self._ours())
        patience_s = _STOPPING_S if ray.is_initialized() else 0.0
        try:
            ray.shutdown()
        finally:
            end_processes(ours, patience_s)
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)
                self._folder = None
            if self._lock is not None:
                self._lock.close()
                self._lock = None


def hold(folder: Path) -> IO[str]:
    """Marks a folder as in use for as long as this process lives and the answer is open."""
    lock = (folder / _LOCK).open("w")
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return lock


def clear_away(parent: Path) -> None:
    """Removes what was left there by those that were killed: the folders that nobody holds any more."""
    for path in parent.glob(f"{_PREFIX}*/{_LOCK}"):
        with contextlib.suppress(OSError), path.open() as lock:  # in use, or not ours
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path.parent, ignore_errors=True)


def short_folder() -> str:
    folder = tempfile.gettempdir()
    return folder if len(folder) <= _LONGEST_FOLDER - len("/prosopon-12345678") else "/tmp"


@contextmanager
def ray_environment(folder: Path) -> Iterator[None]:
    """What Ray's processes inherit; this process's own variables are as before afterwards."""
    settings = {
        "RAY_TMPDIR": str(folder),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # on Linux too: the node's address is the loopback's
        "RAY_enable_metrics_collection": "0",  # nobody collects, and the port is open to all
        "RAY_worker_niceness": "0",  # 15 for all would leave the replicas that compute nothing to give way with
        "RAY_SERVE_PROXY_HEALTH_CHECK_PERIOD_S": "1",  # a dead proxy is replaced after three: 4 s, not 32
        "RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH": serve_proxy.IMPORT_PATH,
        "MALLOC_ARENA_MAX": os.environ.get("MALLOC_ARENA_MAX", "2"),  # more only keeps freed frames
        "RAY_AUTH_TOKEN": _token(),  # given so, Ray writes none into the user's home
    }
    # Ray itself sets the mode of a cluster that it starts.
    before = {name: os.environ.get(name) for name in (*settings, "RAY_ADDRESS", "RAY_AUTH_MODE")}
    os.environ.pop("RAY_ADDRESS", None)
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@cache
def _token() -> str:
    """One for the life of this process: Ray reads it once."""
    return os.environ.get("RAY_AUTH_TOKEN") or secrets.token_hex(32)


def end_processes(processes: list[psutil.Process], patience_s: float) -> None:
    """Ends those that do not end by themselves, politely first."""
    _, alive = psutil.wait_procs(processes, timeout=patience_s)
    for process in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
    _, alive = psutil.wait_procs(alive, timeout=_TERMINATING_S)
    for process in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, timeout=_TERMINATING_S)
