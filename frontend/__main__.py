"""`python -m frontend`: the web app of a running service, until it is told to end."""

import argparse
import logging
import os
import signal
import sys
import threading
from importlib.util import find_spec

from frontend.settings import Settings

_log = logging.getLogger("frontend")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m frontend", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=3000)
    parser.add_argument("--attached", action="store_true", help="end when standard input closes")
    parser.add_argument("--build", action="store_true", help="build the site and end")
    wanted = parser.parse_args()
    if wanted.attached:
        threading.Thread(target=_end_with_input, daemon=True).start()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)  # the gateway logs its requests itself
    if find_spec("reflex") is None:
        _log.error("the web app is not installed: pip install 'prosopon[web]'")
        return 1
    from frontend.build import BuildError, built, is_built

    try:
        folder = Settings.read().folder
        if not is_built(folder):
            _log.info("building the web app: once, half a minute to a minute")
        site = built(folder)
    except (BuildError, ValueError) as error:
        _log.error("%s", error)
        return 1
    if not wanted.build:
        os.chdir(site)
        _serve(wanted.host, wanted.port)
    return 0


def _end_with_input() -> None:
    """Whoever started this process holds the other end, and is gone when it closes, however it ended."""
    while os.read(0, 1):
        pass
    os.killpg(0, signal.SIGTERM)


def _serve(host: str, port: int) -> None:
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    os.environ |= {
        "__REFLEX_MOUNT_FRONTEND_COMPILED_APP": "true",
        "__REFLEX_SKIP_COMPILE": "true",
        "REFLEX_ENV_MODE": "prod",
        "REFLEX_TELEMETRY_ENABLED": "false",
    }
    Granian(
        "frontend.server:create",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        workers=1,  # the pages' states live in it
        websockets=True,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
    ).serve()


if __name__ == "__main__":
    sys.exit(main())
