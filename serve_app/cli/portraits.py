"""`prosopon portraits`: those that come with Prosopon, and whether a picture can be one."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from serve_app.cli.catalogue import AsJson
from serve_app.cli.console import INPUT_AT_FAULT, err, out, print_json, print_table, reported

if TYPE_CHECKING:
    from serve_app.catalogue import FaceModel, PortraitCheck

app = typer.Typer(rich_markup_mode="rich")


@app.callback(invoke_without_command=True)
def portraits(context: typer.Context, as_json: AsJson = False) -> None:
    """List the portraits that come with Prosopon, or check a picture."""
    if context.invoked_subcommand is not None:
        return
    from serve_app.catalogue import portrait_models

    with reported(as_json):
        found = portrait_models()
        if as_json:
            print_json([portrait.model_dump(mode="json", exclude={"image"}) for portrait in found])
        else:
            rows = [(p.id, p.title, p.credit, p.licence) for p in found]
            print_table(("portrait", "who", "credit", "licence"), rows)


@app.command()
def check(
    picture: Annotated[str, typer.Argument(help="A picture, or preset:NAME.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Tell what faces a picture holds, and whether they can be animated."""
    from backends.faces.images import read_image
    from backends.faces.portrait import check as examine
    from backends.faces.presets import preset
    from serve_app.catalogue import portrait_check

    with reported(as_json):
        path = preset(picture).path if picture.startswith("preset:") else Path(picture)
        found = portrait_check(examine(read_image(path, picture), picture))
        if as_json:
            print_json(found)
        else:
            _tell(picture, found)
        if not found.fit:
            raise typer.Exit(INPUT_AT_FAULT)


def _tell(picture: str, found: "PortraitCheck") -> None:
    verdict = "[green]can be animated[/]" if found.fit else "[red]cannot be animated[/]"
    out.print(f"{escape(picture)}, {found.width} x {found.height}: {verdict}", soft_wrap=True)
    columns = ("face", "at", "size", "yaw", "pitch", "roll", "inside", "eyes", "mouth", "works")
    if found.faces:
        print_table(columns, [_row(number, face) for number, face in enumerate(found.faces, 1)])
    problems = [face.problem for face in found.faces if face.problem] or [found.problem]
    for problem in filter(None, problems):
        err.print(f"[red]problem[/]: {escape(problem)}", soft_wrap=True)
    for warning in (w for face in found.faces for w in face.warnings):
        err.print(f"[yellow]{warning.code}[/]: {escape(warning.message)}", soft_wrap=True)


def _row(number: int, face: "FaceModel") -> tuple[str, ...]:
    x, y, width, height = face.box
    angles = (f"{angle:.0f}°" for angle in (face.yaw_deg, face.pitch_deg, face.roll_deg))
    return (
        str(number), f"{x:.0f}, {y:.0f}", f"{width:.0f} x {height:.0f}", *angles,
        f"{face.visible:.0%}", f"{face.eyes:.2f}", f"{face.mouth:.2f}", "yes" if face.fit else "no",
    )  # fmt: skip
