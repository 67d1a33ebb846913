"""What `prosopon doctor` looks at for a service: where it keeps things, what it is configured to, what it tells."""

import resource
import secrets
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy.engine import make_url

from backends.errors import ProsoponError
from serve_app.config import (
    check_serve_config,
    config_names,
    jobs_url,
    read_serve_config,
    storage_url,
    webhook_secret,
)

Found = tuple[str, str, str]
"""What was looked at, its state as in `doctor.Finding`, and the detail."""

_PORT = 8000
_OPEN_FILES = 4096
"""Ray keeps dozens open for each replica, and the gateway one for each stream."""


def service() -> Iterator[Found]:
    yield from (
        _tried("job store", _jobs),
        _tried("file store", _storage),
        _tried("webhooks", _webhooks),
        _tried("traces", _traces),
    )
    yield from (_tried(f"configuration: {name}", _configuration, name) for name in config_names())
    yield _port()
    yield _shared_memory()
    yield _open_files()


def _tried(what: str, attempt: Callable[..., tuple[str, str]], *args: str) -> Found:
    try:
        return (what, *attempt(*args))
    except ProsoponError as error:
        return what, "broken", error.message


def _jobs() -> tuple[str, str]:
    from serve_app.sql_jobs import SqlJobs

    jobs = SqlJobs(jobs_url())
    try:
        waiting = jobs.measures().waiting.values()
    finally:
        jobs.close()
    queued, running = sum(w.queued for w in waiting), sum(w.running for w in waiting)
    where = make_url(jobs_url()).render_as_string()
    return "ok", f"{where}: {queued} waiting, {running} in work"


def _storage() -> tuple[str, str]:
    from serve_app.storage import open_storage

    store, key = open_storage(storage_url()), f"doctor/{secrets.token_hex(8)}"
    store.put(key, b"?")
    try:
        kept = store.get(key)
    finally:
        store.delete("doctor")
    whole = kept == b"?"
    return (
        "ok" if whole else "broken",
        f"{storage_url()}{'' if whole else ': loses what it is given'}",
    )


def _webhooks() -> tuple[str, str]:
    from serve_app.webhooks import signing_key

    secret = webhook_secret()
    if secret is None:
        return "note", "none are sent; PROSOPON_WEBHOOK_SECRET turns them on"
    signing_key(secret)
    return "ok", "signed with PROSOPON_WEBHOOK_SECRET"


def _traces() -> tuple[str, str]:
    from serve_app.tracing import destination, exporter

    wanted = destination()
    if wanted is None:
        return "note", "off; OTEL_EXPORTER_OTLP_ENDPOINT or APPLICATIONINSIGHTS_CONNECTION_STRING"
    exporter(wanted).shutdown()
    return "ok", f"sent where {wanted} says"


def _configuration(name: str) -> tuple[str, str]:
    config = read_serve_config(name)
    check_serve_config(config)
    applications = ", ".join(application["name"] for application in config["applications"])
    return "ok", f"fits Ray Serve: {applications}"


def _port() -> Found:
    what = f"port {_PORT}"
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", _PORT))
        except OSError as error:
            return what, "note", f"{error.strerror}: a service may run here; others take --port"
    return what, "ok", "free"


def _shared_memory() -> Found:
    from serve_app.private_ray import OBJECTS_BYTES

    folder = Path("/dev/shm")
    if not folder.is_dir():
        return "shared memory", "note", "this system has no /dev/shm"
    free, wanted = shutil.disk_usage(folder).free, OBJECTS_BYTES
    told = f"{free / 2**20:.0f} MiB free"
    if free >= wanted:
        return "shared memory", "ok", told
    mend = f"Ray wants {wanted / 2**20:.0f} MiB in /dev/shm (docker run --shm-size=256m)"
    return "shared memory", "broken", f"{told}; {mend}"


def _open_files() -> Found:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    possible = hard if hard != resource.RLIM_INFINITY else _OPEN_FILES
    if min(max(soft, possible), _OPEN_FILES) == _OPEN_FILES:  # Ray raises the soft limit itself
        return "open files", "ok", f"{soft}, at most {hard}"
    return (
        "open files",
        "broken",
        f"at most {hard}, {_OPEN_FILES} are wanted: ulimit -n {_OPEN_FILES}",
    )
