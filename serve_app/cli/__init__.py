"""The command line, `prosopon`."""

import signal
import sys
from types import FrameType

INTERRUPTED = 130


def main() -> None:
    """Runs a command; Ctrl-C and SIGTERM end it in order, whenever they come."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a script's background jobs ignore it
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        from serve_app.cli.app import app

        app()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _interrupt(signum: int, frame: FrameType | None) -> None:
    signal.raise_signal(signal.SIGINT)
