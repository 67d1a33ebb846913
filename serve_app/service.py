"""A service on this machine: the applications of a Serve configuration on a Ray of their own."""

import contextlib
import logging
import math
import socket
import time
from collections.abc import Callable, Mapping
from copy import deepcopy
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from ray import serve
from ray.serve.schema import ServeDeploySchema

from backends.errors import EngineError, InputError
from serve_app.config import check_serve_config, home, jobs_url, storage_url
from serve_app.guard import is_loopback
from serve_app.private_ray import PrivateRay
from serve_app.tiers import tier_state

Watch = Callable[[Mapping[str, str]], None]
"""Told of every change: the status of each application by name."""

_POLL_S = 0.5
_OTHERS_S = 15.0
"""How long one working tier waits for the others to start or to fail."""
_STOPPING_S = 15.0


class LocalService:
    """The service while a `with` block runs; `url` is where it listens."""

    def __init__(
        self,
        config: Mapping[str, Any],
        port: int | None = None,
        folder: Path | None = None,
        watch: Watch | None = None,
        patience_s: float = 180.0,
    ) -> None:
        """
        Args:
            config: a Serve configuration, see `read_serve_config`.
            port: instead of the configuration's; 0 takes a free one.
            folder: where jobs and files are kept, instead of PROSOPON_HOME (weights and caches stay there).
            watch: is told how the start goes.
            patience_s: how long the start may take.

        Raises:
            InputError: the configuration is wrong, it would let strangers in, or the port is taken.
        """
        check_serve_config(config)
        options = config.get("http_options", {})
        self._host = str(options.get("host", "127.0.0.1"))
        check_door(config, self._host)
        self._port = _free_port(self._host, port if port is not None else options.get("port", 8000))
        self._config = _placed(config, self._host, self._port, folder)
        self._watch = watch or (lambda _: None)
        self._patience_s = patience_s
        self._ray = PrivateRay(_cpus(config))

    @property
    def url(self) -> str:
        return f"http://{self._host}:{self._port}"

    @property
    def logs(self) -> Path:
        """Where replicas write, as long as the service runs."""
        return self._ray.folder / "session_latest" / "logs" / "serve"

    def __enter__(self) -> Self:
        """Starts everything and waits until the gateway and at least one tier take work.

        Raises:
            EngineError: it does not start; the message has the reason.
        """
        self._ray.start()
        try:
            self._deploy()
            self._wait()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop()

    def _deploy(self) -> None:
        # The way that `serve run CONFIG` takes: each application is built in a process of its own, so that one that
        # fails does not stop the others. Ray offers it to programs only through its dashboard, which costs 300 MB.
        from ray.serve._private.api import serve_start

        schema = ServeDeploySchema.model_validate(self._config)
        logging.getLogger("ray.serve").setLevel(logging.ERROR)
        client = serve_start(
            http_options=schema.http_options.model_dump(), proxy_location=schema.proxy_location
        )
        client.deploy_apps(schema)

    def _wait(self) -> None:
        names = [application["name"] for application in self._config["applications"]]
        told: Mapping[str, str] = {}
        deadline = time.monotonic() + self._patience_s
        others = math.inf
        while True:
            states, reasons = _states(names)
            if states != told:
                told = states
                self._watch(states)
            if others == math.inf and _usable(self._config, states):
                others = time.monotonic() + _OTHERS_S
            settled = all(state in ("RUNNING", "DEPLOY_FAILED") for state in states.values())
            now = time.monotonic()
            if settled or now > min(deadline, others):
                break
            time.sleep(_POLL_S)
        if not _usable(self._config, states):
            waited = "" if settled else f" within {self._patience_s:.0f} s"
            raise EngineError(f"the service did not start{waited}: {'; '.join(reasons)}")
        self._wait_for_http(deadline)

    def _wait_for_http(self, deadline: float) -> None:
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{self.url}/ready", timeout=10, trust_env=False).is_success:
                    return
            time.sleep(_POLL_S)
        raise EngineError(f"the service does not answer at {self.url}")

    def _stop(self) -> None:
        with contextlib.suppress(Exception):  # what does not end by itself is ended with Ray
            _delete([application["name"] for application in self._config["applications"]])
        self._ray.stop()


def check_door(config: Mapping[str, Any], host: str) -> None:
    """Raises InputError where whoever reaches the address could ask without a key."""
    gateways = [a for a in config["applications"] if a.get("route_prefix") is not None]
    locked = all(gateway.get("args", {}).get("auth") == "keys" for gateway in gateways)
    if not is_loopback(host) and not locked:
        raise InputError(
            f"a service on {host} is open to others: say auth: keys in the gateway's args, "
            "and make keys with: prosopon keys create NAME"
        )


def _free_port(host: str, wanted: int) -> int:
    """The port, shown to be free: Ray's proxies would share it with whoever listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, wanted))
        except OSError as error:
            raise InputError(
                f"port {wanted} of {host} cannot be used: {error.strerror}; choose another with --port"
            ) from error
        return int(probe.getsockname()[1])


def _placed(config: Mapping[str, Any], host: str, port: int, folder: Path | None) -> dict[str, Any]:
    """The configuration with its port, and with every application told where things are kept."""
    placed = deepcopy(dict(config))
    placed["http_options"] = {**placed.get("http_options", {}), "host": host, "port": port}
    kept = {
        "PROSOPON_HOME": str(home()),
        "PROSOPON_STORAGE": storage_url(),
        "PROSOPON_JOBS": jobs_url(),
    }
    if folder is not None:
        folder = folder.absolute()
        kept |= {
            "PROSOPON_STORAGE": str(folder / "store"),
            "PROSOPON_JOBS": f"sqlite:///{folder / 'jobs.sqlite'}",
        }
    for application in placed["applications"]:
        env = application.setdefault("runtime_env", {})
        env["env_vars"] = {**kept, **env.get("env_vars", {})}
    return placed


def _cpus(config: Mapping[str, Any]) -> int:
    """What all replicas reserve; Ray only counts, so that a smaller machine is slower and not stuck."""
    reserved = 0.0
    for application in config["applications"]:
        for deployment in application.get("deployments", ()):
            scaling = deployment.get("autoscaling_config") or {}
            replicas = scaling.get("max_replicas", deployment.get("num_replicas", 1))
            options = deployment.get("ray_actor_options") or {}
            reserved += replicas * options.get("num_cpus", 1)
    return math.ceil(reserved)


def _states(names: list[str]) -> tuple[dict[str, str], list[str]]:
    """The status of every application, and why those that do not run do not."""
    applications = serve.status().applications
    found = {name: applications.get(name) for name in names}
    reasons = [f"{name}: {tier_state(found[name]).reason}" for name in names]
    return {n: a.status.value if a else "NOT_STARTED" for n, a in found.items()}, [
        reason for reason in reasons if not reason.endswith(": ")
    ]


def _delete(names: list[str]) -> None:
    """Takes all applications down at once, so that their replicas can say goodbye."""
    for name in names:
        serve.delete(name, _blocking=False)
    deadline = time.monotonic() + _STOPPING_S
    while time.monotonic() < deadline and not serve.status().applications.keys().isdisjoint(names):
        time.sleep(_POLL_S)


def _usable(config: Mapping[str, Any], states: Mapping[str, str]) -> bool:
    """The gateways run, and one tier at least."""
    gateways = [a["name"] for a in config["applications"] if a.get("route_prefix") is not None]
    tiers = [name for name in states if name not in gateways]
    running = {name for name, state in states.items() if state == "RUNNING"}
    return running.issuperset(gateways) and not running.isdisjoint(tiers)
