"""Commands from outside, joined by the entry-point group `prosopon.commands`: each names a Typer app.

They are looked for only when help lists all commands, or a command is asked for that is none of ours.
"""

from importlib.metadata import EntryPoint, entry_points
from typing import Any

from typer.core import TyperGroup
from typer.main import get_command

GROUP = "prosopon.commands"


class JoinedCommands(TyperGroup):
    """Our own commands, and then the joined ones. Typer's own copy of click has no public types."""

    def list_commands(self, ctx: Any) -> list[str]:
        own = super().list_commands(ctx)
        return [*own, *sorted({entry.name for entry in _entries()} - set(own))]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if (own := super().get_command(ctx, cmd_name)) is not None:
            return own
        entry = next((entry for entry in _entries() if entry.name == cmd_name), None)
        if entry is None:
            return None
        command = get_command(entry.load())
        command.name = cmd_name
        return command


def _entries() -> tuple[EntryPoint, ...]:
    return tuple(entry_points(group=GROUP))
