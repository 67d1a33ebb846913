"""Where uploads, speech, segments and clips are kept, by key."""

import errno
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple, Protocol

from backends.errors import StorageError

_KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
_PARTIAL = ".part"
_PIECE = 2**18
"""Bytes that are streamed at a time."""


class Entry(NamedTuple):
    """What is known of a stored thing without reading it."""

    key: str
    size: int
    modified_at: float
    """Seconds since the epoch."""
    version: str
    """Another one when the content is replaced; serves as an HTTP entity tag."""


class Storage(Protocol):
    """Bytes by key; keys are relative paths of plain names ("jobs/3f/segments/00025.mp4").

    Blocking calls, safe from any thread and process; they raise StorageError when the store fails, as when it is full.
    """

    def put(self, key: str, data: bytes) -> None:
        """Stores `data` whole or not at all, replacing what was there."""
        ...

    def put_new(self, key: str, data: bytes) -> bool:
        """Stores `data` unless something is there, and tells whether it did: of several writers the first wins."""
        ...

    def get(self, key: str) -> bytes:
        """Raises StorageError when there is nothing at `key`; so do `entry` and `path`."""
        ...

    def stream(self, key: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The bytes [start, stop) in pieces, without holding all of them."""
        ...

    def exists(self, key: str) -> bool: ...

    def entry(self, key: str) -> Entry: ...

    def list(self, prefix: str) -> Iterator[Entry]:
        """Everything below `prefix`, in no order; nothing when there is none."""
        ...

    def writing(self, key: str) -> AbstractContextManager[Path]:
        """A local file to fill: stored when the block ends, gone without a trace when it raises."""
        ...

    def path(self, key: str) -> Path:
        """A local file of that content, to be read soon and never written."""
        ...

    def delete(self, prefix: str) -> None:
        """Removes `prefix` and everything below it; nothing there is no error."""
        ...

    def sweep(self, older_than_s: float) -> None:
        """Removes what processes that died have left half-written for so long."""
        ...


class FolderStorage:
    """A folder on a disk that all processes of the service see."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, key: str, data: bytes) -> None:
        with self.writing(key) as partial:
            partial.write_bytes(data)

    def put_new(self, key: str, data: bytes) -> bool:
        target = self._path(key)
        with self._partial(key) as partial:
            partial.write_bytes(data)
            try:
                target.hardlink_to(partial)
            except FileExistsError:
                return False
            except OSError as error:
                if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EMLINK):
                    raise
                if target.exists():  # a disk without hard links
                    return False
                partial.replace(target)
        return True

    @contextmanager
    def writing(self, key: str) -> Iterator[Path]:
        with self._partial(key) as partial:
            yield partial
            partial.replace(self._path(key))

    @contextmanager
    def _partial(self, key: str) -> Iterator[Path]:
        target = self._path(key)
        partial = target.with_name(f"{target.name}.{secrets.token_hex(4)}{_PARTIAL}")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            yield partial
        except OSError as error:
            raise StorageError(f"cannot store {key}: {error.strerror or error}") from error
        finally:
            with suppress(OSError):
                partial.unlink()

    def get(self, key: str) -> bytes:
        with _reading(key):
            return self._path(key).read_bytes()

    def stream(self, key: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        with _reading(key), self._path(key).open("rb") as file:
            file.seek(start)
            left = (stop - start) if stop is not None else 2**62
            while left > 0 and (piece := file.read(min(left, _PIECE))):
                left -= len(piece)
                yield piece

    def exists(self, key: str) -> bool:
        return self._path(key).is_file()

    def entry(self, key: str) -> Entry:
        with _reading(key):
            return self._entry(self._path(key))

    def list(self, prefix: str) -> Iterator[Entry]:
        for path in _files(self._path(prefix)):
            with suppress(FileNotFoundError):  # it went meanwhile
                if path.suffix != _PARTIAL:
                    yield self._entry(path)

    def path(self, key: str) -> Path:
        path = self._path(key)
        if not path.is_file():
            raise StorageError(f"nothing stored at {key}")
        return path

    def delete(self, prefix: str) -> None:
        target = self._path(prefix)
        if target.is_dir():
            shutil.rmtree(target, ignore_errors=True)
        else:
            target.unlink(missing_ok=True)

    def sweep(self, older_than_s: float) -> None:
        oldest = time.time() - older_than_s
        for path in _files(self.root):
            with suppress(OSError):  # another process sweeps too
                if path.suffix == _PARTIAL and path.stat().st_mtime < oldest:
                    path.unlink()

    def _entry(self, path: Path) -> Entry:
        found = path.stat()
        version = f"{found.st_mtime_ns:x}-{found.st_size:x}-{found.st_ino:x}"
        key = path.relative_to(self.root).as_posix()
        return Entry(key, found.st_size, found.st_mtime, version)

    def _path(self, key: str) -> Path:
        return self.root / checked_key(key)


def checked_key(key: str) -> str:
    """The key; raises StorageError where it is none, so that none leads out of the store."""
    if not _KEY.fullmatch(key):
        raise StorageError(f"{key!r} is no storage key")
    return key


def _files(folder: Path) -> Iterator[Path]:
    """Everything below, whatever comes and goes meanwhile."""
    for parent, _, names in os.walk(folder):
        yield from (Path(parent, name) for name in names)


@contextmanager
def _reading(key: str) -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise StorageError(f"nothing stored at {key}") from error
    except OSError as error:
        raise StorageError(f"cannot read {key}: {error.strerror or error}") from error


def open_storage(url: str) -> Storage:
    """Storage by address: a folder, as a path or as file:///path; or a blob store, see `serve_app.blobs`."""
    scheme, separator, rest = url.partition("://")
    if separator and scheme != "file":
        from serve_app.blobs import BlobStorage

        return BlobStorage(url)
    return FolderStorage(Path(rest if separator else url).expanduser())
