"""`prosopon keys`: who may use a service."""

import re
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from backends.errors import InputError
from serve_app.cli.catalogue import AsJson
from serve_app.cli.console import err, out, print_json, print_table, reported

if TYPE_CHECKING:
    from serve_app.auth import Key
    from serve_app.database import Database

app = typer.Typer(help="Make, list and revoke API keys of the service.", no_args_is_help=True)

_UNITS_S = {"m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400, "y": 365 * 86_400}


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What you call it; no two keys share a name.")],
    scopes: Annotated[
        str,
        typer.Option(
            help="What it may do: generate, read, admin (metrics, system), act (for others)."
        ),
    ] = "generate,read",
    expires: Annotated[
        str, typer.Option(help="When it ends: 12h, 90d, 1y, or never.", metavar="TIME")
    ] = "90d",
    tenant: Annotated[
        str | None,
        typer.Option(
            help="Whose videos it makes and sees; keys of one tenant share them.",
            show_default="NAME",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key. It is shown once, and kept nowhere."""
    from serve_app.auth import new_key
    from serve_app.sql_keys import SqlKeys

    with reported(as_json):
        key, kept = new_key(name, _listed(scopes), tenant, _life_s(expires))
        store = opened()
        SqlKeys(store).add(kept)
        _note(store, "create_key", kept)
        if as_json:
            print_json(_facts(kept) | {"key": key})
            return
        out.print(key, highlight=False)
        err.print("Keep it safe: nobody can show it again. Send it as: Authorization: Bearer KEY")


@app.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """All keys, without their secrets."""
    from serve_app.sql_keys import SqlKeys

    with reported(as_json):
        found = [_facts(key) for key in SqlKeys(opened()).list()]
        if as_json:
            print_json(found)
            return
        columns = ("name", "tenant", "scopes", "begins", "state", "created_at", "expires_at")
        rows = [tuple(str(facts[name] or "") for name in columns) for facts in found]
        print_table(columns, rows)


@app.command()
def revoke(
    name: Annotated[str, typer.Argument(help="As `keys list` names it.")], as_json: AsJson = False
) -> None:
    """End a key at once, and every link that was made with it."""
    from serve_app.sql_keys import SqlKeys

    with reported(as_json):
        store = opened()
        key = SqlKeys(store).revoke(name, time.time())
        _note(store, "revoke_key", key)
        facts = _facts(key)
        if as_json:
            print_json(facts)
        else:
            out.print(f"{name} is revoked", highlight=False)


def opened() -> "Database":
    """The service's database."""
    from serve_app.config import jobs_url
    from serve_app.database import Database

    return Database(jobs_url())


def _note(store: "Database", action: str, key: "Key") -> None:
    from serve_app.audit import DONE, OPERATOR, Line
    from serve_app.sql_audit import SqlAudit

    SqlAudit(store).add([Line(time.time(), key.tenant, OPERATOR, action, key.prefix, DONE, "")])


def _listed(scopes: str) -> list[str]:
    return [scope for scope in re.split(r"[,\s]+", scopes) if scope]


def _life_s(life: str) -> float | None:
    if life == "never":
        return None
    if (found := seconds(life)) is None:
        raise InputError(f"--expires {life!r} is no time; say 12h, 90d, 1y or never")
    return found


def seconds(time: str) -> float | None:
    """Of a number with a unit, as 12h, 90d or 1y; None where it is none."""
    read = re.fullmatch(r"([1-9][0-9]{0,5})([mhdwy])", time)
    return None if read is None else int(read[1]) * _UNITS_S[read[2]]


def _facts(key: "Key") -> dict[str, Any]:
    state = "revoked" if key.revoked_at else "live" if key.live(time.time()) else "expired"
    return {
        "name": key.name,
        "tenant": key.tenant,
        "scopes": ",".join(sorted(key.scopes)),
        "begins": f"psp_{key.prefix}_",
        "state": state,
        "created_at": _day(key.created_at),
        "expires_at": _day(key.expires_at),
        "revoked_at": _day(key.revoked_at),
    }


def _day(time_s: float | None) -> str | None:
    return None if time_s is None else datetime.fromtimestamp(time_s, UTC).isoformat("T", "seconds")
