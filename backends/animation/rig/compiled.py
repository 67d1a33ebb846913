"""Machine code for the loops over pixels."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compiles on first call, without the interpreter's lock, and keeps the code on disk beside the module or, where
    that is read-only, in the user's cache folder. Strict floating point: the same pixels on every machine."""
    try:
        return cast(Function, numba.njit(cache=True, nogil=True)(function))
    except RuntimeError:  # no folder to write to: every process compiles anew
        return cast(Function, numba.njit(nogil=True)(function))
