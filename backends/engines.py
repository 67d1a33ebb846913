"""Engines by name: a table of lazy import strings, joined by what other packages bring.

An engine is named in its kind's table, or by an installed package in the entry-point group
`prosopon.KIND_engines`, as "module:Class". A class with options has them as a pydantic model in
`Options` and takes one of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from pydantic import ValidationError

from backends.errors import EngineUnavailableError, InputError, UnknownEngineError


def engine_names(kind: str, table: Mapping[str, str]) -> tuple[str, ...]:
    """Every engine of a kind ("speech", "animation"): the table's in its order, then others."""
    outside = {entry.name for entry in entry_points(group=_group(kind))}
    return (*table, *sorted(outside.difference(table)))


def make_engine(
    kind: str, table: Mapping[str, str], name: str, options: Mapping[str, object] | None = None
) -> Any:
    """The engine of that name, loaded.

    Args:
        options: fields of the engine's `Options`.

    Raises:
        UnknownEngineError: no engine has that name.
        EngineUnavailableError: its packages are not installed.
        InputError: an option that it does not have, or a value that does not fit.
    """
    try:
        engine = _import(kind, table, name)
        if hasattr(engine, "Options"):
            return engine(engine.Options.model_validate(dict(options or {})))
        if options:
            raise InputError(
                f"the {kind} engine {name!r} has no options; leave out {_list(options)}"
            )
        return engine()
    except ImportError as error:
        if (error.name or "").startswith("backends"):  # a fault of ours, which no package mends
            raise
        raise EngineUnavailableError(
            f"the {kind} engine {name!r} wants a package that cannot be imported ({error}); "
            f"run: pip install 'prosopon[{name}]'"
        ) from error
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise InputError(f"options of the {kind} engine {name!r} do not fit: {wrong}") from error


def _import(kind: str, table: Mapping[str, str], name: str) -> Any:
    if name in table:
        module, _, attribute = table[name].partition(":")
        return getattr(import_module(module), attribute)
    for entry in entry_points(group=_group(kind), name=name):
        return entry.load()
    raise UnknownEngineError(
        f"there is no {kind} engine {name!r}; known are {_list(engine_names(kind, table))}"
    )


def _group(kind: str) -> str:
    return f"prosopon.{kind}_engines"


def _list(names: Mapping[str, object] | tuple[str, ...]) -> str:
    return ", ".join(names)
