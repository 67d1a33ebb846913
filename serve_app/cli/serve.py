"""`prosopon serve`: the HTTP service and the web app on this machine, until Ctrl-C."""

import signal
from collections.abc import Mapping
from contextlib import ExitStack, suppress
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
    web: Annotated[bool, typer.Option(help="The web app too.")] = True,
    web_port: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=65535,
            help="Of the web app; 0 takes a free one. Without it 3000, or a free one where that is taken.",
        ),
    ] = None,
) -> None:
    """Run the service and its web app on this machine; Ctrl-C ends them and everything that they started."""
    from serve_app.config import read_serve_config
    from serve_app.service import LocalService
    from serve_app.web import WebApp, installed, let_in

    with reported(as_json=False), ExitStack() as running:
        app = WebApp(web_port) if web and installed() else None
        if web and app is None:
            err.print("the web app is not installed: pip install 'prosopon\\[web]'")
        wanted = read_serve_config(config)
        service = LocalService(let_in(wanted, app.origins) if app else wanted, port, watch=told)
        if app:
            running.enter_context(app.beside(service.url))
        running.enter_context(service)
        if app:
            app.wait()
            out.print(f"Open {app.url}", style="bold", soft_wrap=True)
        note = err if app else out
        note.print(f"The service listens on {service.url}, see {service.url}/docs", soft_wrap=True)
        with suppress(KeyboardInterrupt):
            signal.pause()
        err.print("stopping", style="dim")


def told(states: Mapping[str, str]) -> None:
    """One line for each change while a service starts."""
    shown = ", ".join(f"{name} {state.lower().replace('_', ' ')}" for name, state in states.items())
    err.print(f"starting: {shown}", style="dim", soft_wrap=True)
