"""`prosopon serve`: the HTTP service on this machine, until Ctrl-C."""

import signal
from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated

import typer

from serve_app.cli.console import err, out, reported


def serve(
    config: Annotated[
        str, typer.Option(help="A shipped configuration by name, or a Ray Serve config file.")
    ] = "lightweight",
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Instead of the configuration's; 0 takes a free one."),
    ] = None,
) -> None:
    """Run the HTTP service on this machine; Ctrl-C ends it and everything that it started."""
    from serve_app.config import read_serve_config
    from serve_app.service import LocalService

    with (
        reported(as_json=False),
        LocalService(read_serve_config(config), port, watch=told) as service,
    ):
        out.print(f"Listening on {service.url} (documentation: {service.url}/docs)")
        with suppress(KeyboardInterrupt):
            signal.pause()
        err.print("stopping", style="dim")


def told(states: Mapping[str, str]) -> None:
    """One line for each change while a service starts."""
    shown = ", ".join(f"{name} {state.lower().replace('_', ' ')}" for name, state in states.items())
    err.print(f"starting: {shown}", style="dim", soft_wrap=True)
