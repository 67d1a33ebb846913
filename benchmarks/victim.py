"""A service that can be killed, in parts and as a whole: only processes that it started itself are ever touched."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx
import psutil

from serve_app.config import read_serve_config
from serve_app.problems import MEDIA_TYPE

ROOT = Path(__file__).parents[1]
PATIENCE_S = 300.0
"""For anything that is waited for: only a failure takes so long."""
_AGAIN_S = 0.3

STAGES = ("Director", "Parser", "Speech", "Animation", "Composition")
NODE = "node"
T = TypeVar("T")


def wait_for(what: str, found: Callable[[], T | None], pause_s: float = 0.1) -> T:
    """What `found` gives as soon as it is true; AssertionError when that takes too long."""
    deadline = time.monotonic() + PATIENCE_S
    while not (value := found()):
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(pause_s)
    return value


class Victim:
    """The service in a process tree of its own, and what a patient user does with it."""

    def __init__(
        self, home: Path, modules: Path, tier: dict[str, Any], port: int, nodes: int = 1
    ) -> None:
        """
        Args:
            home: everything that the service keeps.
            modules: what its replicas run.
            tier: arguments of its only tier, as of `serve_app.app.build_tier`.
        """
        self.home, self._nodes = home, nodes
        self._config = configuration(tier, port)
        self._modules = modules
        self.tier = str(tier["tier"])
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False)
        self._process: subprocess.Popen[str] | None = None
        self._folder: Path | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self.http.close()

    # Life and death

    def start(self) -> None:
        """Comes back when the tier takes work."""
        environment = os.environ | {
            "PYTHONPATH": str(ROOT),
            "PROSOPON_HOME": str(self.home),
            "OMP_NUM_THREADS": "1",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.served", self.home, f"--nodes={self._nodes}"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=self.home,
        )  # fmt: skip
        self._folder = Path(self._answer()["folder"])
        self.deploy(self._modules)
        self.insist("GET", "/ready")

    def deploy(self, modules: Path) -> None:
        """Has all replicas run these; does not wait for it."""
        self._modules = modules
        for application in self._config["applications"]:
            application["runtime_env"] = {"env_vars": {"PYTHONPATH": str(modules)}}
        self._command(deploy=self._config)

    def _command(self, **command: Any) -> dict[str, str]:
        """Of those of `benchmarks.served`."""
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, str]:
        assert self._process is not None and self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{"):  # Ray talks there too
                answer: dict[str, str] = json.loads(line)
                assert "error" not in answer, answer
                return answer
        raise AssertionError("the service's main process ended")

    def kill(self) -> None:
        """SIGKILL for every process of the tree, as when the machine goes down."""
        if self._process is not None:
            _kill([psutil.Process(self._process.pid)] if self._process.poll() is None else [])
            self._process.communicate()
            self._process = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def strike(self, kind: str, choose: Callable[[list[Any]], Any]) -> bool:
        """SIGKILL for a process that is chosen among those whose title begins so, or for a whole node that is not the
        head; whether there was one."""
        found = self._nodes_alive() if kind == NODE else self.processes(kind)
        if not found:
            return False
        _kill([choose(found)], wholly=kind == NODE)
        if kind == NODE:
            self._command(add="node")
        return True

    def processes(self, title: str) -> list[psutil.Process]:
        """As "ray::ServeReplica:chaos:Animation"."""
        return [p for p in self._tree() if _title(p)[:1] and _title(p)[0].startswith(title)]

    def _nodes_alive(self) -> list[psutil.Process]:
        def is_worker_node(command: list[str]) -> bool:
            return command[0].endswith("/raylet") and "--head" not in command

        return [p for p in self._tree() if (command := _title(p)) and is_worker_node(command)]

    def _tree(self) -> list[psutil.Process]:
        assert self._process is not None
        return list(psutil.Process(self._process.pid).children(recursive=True))

    def logged(self, deployment: str, line: str) -> int:
        """How often replicas of this life logged such a line."""
        assert self._folder is not None
        files = self._folder.glob(f"session_2*/logs/serve/replica_{self.tier}_{deployment}_*.log")
        return sum(file.read_text("utf-8", "replace").count(line) for file in files)

    # Use

    def insist(self, method: str, path: str, **request: Any) -> httpx.Response:
        """The answer, however often the service has to be asked; its refusals are answers too, but not those of a proxy
        that does not know it yet."""

        def answered() -> httpx.Response | None:
            with contextlib.suppress(httpx.TransportError):
                response = self.http.request(method, path, **request)
                kind = response.headers.get("content-type")
                if response.is_success or (response.is_client_error and kind == MEDIA_TYPE):
                    return response
            return None

        return wait_for(f"{method} {path}", answered, _AGAIN_S)

    def job(self, job: str) -> dict[str, Any]:
        return dict(self.insist("GET", f"/v1/videos/{job}").json())

    def finish(self, job: str) -> dict[str, Any]:
        def ended() -> dict[str, Any] | None:
            found = self.job(job)
            return found if found["status"] not in ("queued", "running") else None

        return wait_for(f"the end of {job}", ended, _AGAIN_S)


def configuration(tier: dict[str, Any], port: int) -> dict[str, Any]:
    """The shipped one for this machine, with another tier in the place of its own."""
    config = read_serve_config("lightweight")
    gateway, application = config["applications"]
    config["http_options"] |= {"port": port}
    gateway["args"] |= {"tiers": [tier["tier"]], "max_queued_jobs": 1000}
    application |= {"name": tier["tier"], "args": tier}
    return config


def _title(process: psutil.Process) -> list[str]:
    with contextlib.suppress(psutil.Error):  # it ended meanwhile
        return list(process.cmdline())
    return []


def _kill(processes: list[psutil.Process], wholly: bool = True) -> None:
    """With all that came of them, when `wholly`."""
    doomed = list(processes)
    for process in processes if wholly else ():
        with contextlib.suppress(psutil.NoSuchProcess):
            doomed += process.children(recursive=True)
    for process in doomed:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    wait_for("the end of what was killed", lambda: all(map(_is_gone, doomed)))


def _is_gone(process: psutil.Process) -> bool:
    """Nobody may ask for the exit code of one whose parent was killed too."""
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[bool]:
    """`folder` as a file system of so many bytes in memory, where we may mount one; else as it is (False)."""
    folder.mkdir(parents=True, exist_ok=True)
    mount, umount = shutil.which("mount"), shutil.which("umount")
    arguments = ["-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    mounted = bool(
        mount and umount and not subprocess.run([mount, *arguments], capture_output=True).returncode
    )
    try:
        yield mounted
    finally:
        if mounted and umount:
            subprocess.run([umount, "--lazy", str(folder)], check=True)


@contextmanager
def filled(folder: Path) -> Iterator[None]:
    """The disk has not a byte left."""
    ballast = folder / "ballast"
    try:
        with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
            while file.write(bytes(2**20)):
                pass
        yield
    finally:
        ballast.unlink(missing_ok=True)
