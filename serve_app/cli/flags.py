"""Flags out of the request model, so that names, defaults, ranges and help texts are said once."""

import inspect
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import typer
from annotated_types import Ge, Le, Lt
from pydantic.fields import FieldInfo
from rich.markup import escape
from typer.models import ArgumentInfo

from serve_app.schemas import VideoRequest

WHAT, VOICE, FACE, PICTURE, MORE = "What", "Voice", "Face", "Picture", "More"
PANELS = {
    WHAT: (),
    VOICE: ("voice", "language", "emotion", "intensity", "speed", "speak_cues", "cue_style"),
    FACE: ("face", "style", "articulation", "head_motion", "blink", "seed"),
    PICTURE: (
        "size",
        "aspect",
        "background",
        "fps",
        "captions",
        "label",
        "codec",
        "quality",
        "encoder",
    ),
    MORE: ("tier", "consent"),
}
"""The groups of `--help` in order, with the fields of the request that each shows as flags."""
BY_HAND = frozenset(
    {"text", "portrait", "driving_video", "audio", "transcript", "reference_audio", "pronounce"}
)
"""Fields that the command line takes in a form of its own: an argument, a path, a file."""

Command = TypeVar("Command", bound=Callable[..., None])


def request_flags(command: Command) -> Command:
    """Gives a command one flag for each field in PANELS; it gets their values as keywords."""
    signature = inspect.signature(command)
    own = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
    flags = [_flag(name, panel) for panel, names in PANELS.items() for name in names]
    parameters = sorted([*flags, *own], key=_place)
    command.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {p.name: p.annotation for p in parameters} | {"return": None}
    return command


def _place(parameter: inspect.Parameter) -> int:
    """Arguments first, then flags by group."""
    (info,) = parameter.annotation.__metadata__
    return -1 if isinstance(info, ArgumentInfo) else list(PANELS).index(info.rich_help_panel)


def _flag(name: str, panel: str) -> inspect.Parameter:
    field = VideoRequest.model_fields[name]
    option = typer.Option(
        f"--{name.replace('_', '-')}",
        help=escape(field.description or ""),
        case_sensitive=False,
        rich_help_panel=panel,
        **_range(field),
    )
    annotation = Annotated[field.annotation, option]  # type: ignore[name-defined]
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=field.get_default(), annotation=annotation
    )


def _range(field: FieldInfo) -> dict[str, Any]:
    bounds: dict[str, Any] = {}
    for constraint in field.metadata:
        match constraint:
            case Ge(ge=lowest):
                bounds["min"] = lowest
            case Le(le=highest):
                bounds["max"] = highest
            case Lt(lt=int(limit)):
                bounds["max"] = limit - 1
    return bounds
