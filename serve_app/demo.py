"""The demonstration behind `make demo`: a service on this machine for as long as one video takes."""

from pathlib import Path

import typer

from serve_app.cli.console import err, reported
from serve_app.cli.making import Outputs, make, read_request_media
from serve_app.cli.serve import told
from serve_app.cli.speak import tell
from serve_app.config import read_serve_config
from serve_app.schemas import VideoRequest


def demo(
    text: str, portrait: str = "preset:astronaut", output: Path = Path("demo/hello.mp4")
) -> None:
    """Make a video through a private Ray Serve graph, and end the service again."""
    from serve_app.service import LocalService

    with reported(as_json=False):
        request = VideoRequest(text=text, portrait=portrait)
        media = read_request_media(request)
        output.parent.mkdir(parents=True, exist_ok=True)
        outputs = Outputs.of(request, output, performance=None)
        err.print(
            "Starting a service of our own: Ray Serve with the lightweight tier", soft_wrap=True
        )
        with LocalService(read_serve_config("lightweight"), port=0, watch=told) as service:
            err.print(f"Asking {service.url}/v1/videos for: {text}", markup=False, soft_wrap=True)
            facts = make(request, media, outputs, service.url)
            err.print("Ending the service")
        tell(facts, outputs)


if __name__ == "__main__":
    typer.run(demo)
