"""Machine code for the loops over pixels."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compiles on first call, without the interpreter's lock, and keeps the code on disk beside the module or, where
    that is read-only, in the user's cache folder. Strict floating point: the same pixels on every machine.

    What is compiled is written as loops: numba takes 5 s for an array that is copied into a slice of another (it brings
    in all that words the error), and half a second for a sum or a maximum.
    """
    try:
        return cast(Function, numba.njit(cache=True, nogil=True)(function))
    except RuntimeError:  # no folder to write to: every process compiles anew
        return cast(Function, numba.njit(nogil=True)(function))
