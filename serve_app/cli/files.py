"""Files that appear whole or not at all."""

import errno
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backends.errors import UnwritableOutputError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A partial file beside `path`, which takes its place when all went well and is gone when not.

    Raises:
        UnwritableOutputError: a file of that name cannot be written there; told before any work is done.
    """
    partial = path.with_name(f".{secrets.token_hex(4)}-{path.name}")
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "it is a folder")
        partial.touch(exist_ok=False)
    except OSError as error:
        reason = error.strerror or error
        raise UnwritableOutputError(
            f"cannot write {path}: {reason}; choose another path"
        ) from error
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
