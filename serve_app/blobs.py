"""Storage in a blob store: Azure's (az://), S3's (s3://), Google's (gs://); memory:// for tests.

Credentials come from the environment, as each store's own tools read them (AZURE_STORAGE_…, AWS_…, GOOGLE_…).
"""

import hashlib
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from backends.errors import StorageError
from serve_app.config import home
from serve_app.storage import Entry, checked_key

if TYPE_CHECKING:
    from obstore import ObjectMeta
    from obstore.store import ObjectStore

_PIECE = 2**20
"""Bytes that are streamed at a time."""
_CACHE_BYTES = 4 * 2**30
_WORKING_S = 3600.0
"""Nothing is read or written for longer."""


class BlobStorage:
    """A container or bucket, with a folder of this machine for content that readers want as a file."""

    def __init__(
        self, url: str, cache: Path | None = None, cache_bytes: int = _CACHE_BYTES
    ) -> None:
        """
        Args:
            url: of the container, and of a folder in it where one is named.
            cache: a folder; without one, below PROSOPON_HOME.
            cache_bytes: so much of what was read stays there, the last used.

        Raises:
            StorageError: the address is none, or obstore is not installed.
        """
        try:
            from obstore.exceptions import BaseError
            from obstore.store import from_url
        except ModuleNotFoundError as error:
            raise StorageError(
                f"the store {url} needs what is not installed; install prosopon[cluster]"
            ) from error
        try:
            self._store: ObjectStore = from_url(url)
        except (BaseError, ValueError) as error:
            raise StorageError(f"the store {url} cannot be opened: {_first_line(error)}") from error
        self._cache = cache or home() / "cache" / "blobs"
        self._cache_bytes = cache_bytes
        self._caching = Lock()

    def put(self, key: str, data: bytes) -> None:
        with _mapped(f"cannot store {key}"):
            self._store.put(checked_key(key), data)

    def put_new(self, key: str, data: bytes) -> bool:
        from obstore.exceptions import AlreadyExistsError

        with _mapped(f"cannot store {key}"):
            try:
                self._store.put(checked_key(key), data, mode="create")
            except AlreadyExistsError:
                return False
        return True

    def get(self, key: str) -> bytes:
        with _mapped(f"cannot read {key}", key):
            return bytes(self._store.get(checked_key(key)).bytes())

    def stream(self, key: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        end = self.entry(key).size if stop is None else stop
        for begin in range(start, end, _PIECE):
            with _mapped(f"cannot read {key}", key):
                yield bytes(self._store.get_range(key, start=begin, end=min(begin + _PIECE, end)))

    def exists(self, key: str) -> bool:
        with _mapped(f"cannot look for {key}"):
            try:
                self._store.head(checked_key(key))
            except FileNotFoundError:
                return False
        return True

    def entry(self, key: str) -> Entry:
        with _mapped(f"cannot look at {key}", key):
            return _entry(self._store.head(checked_key(key)))

    def list(self, prefix: str) -> Iterator[Entry]:
        with _mapped(f"cannot list {prefix}"):
            for page in self._store.list(f"{checked_key(prefix)}/"):
                yield from map(_entry, page)

    @contextmanager
    def writing(self, key: str) -> Iterator[Path]:
        checked_key(key)
        self._cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._cache, prefix="writing-") as folder:
            partial = Path(folder) / "content"
            try:
                yield partial
            except OSError as error:
                raise StorageError(f"cannot store {key}: {error.strerror or error}") from error
            with _mapped(f"cannot store {key}"):
                self._store.put(key, partial)

    def path(self, key: str) -> Path:
        entry = self.entry(key)
        name = hashlib.sha256(f"{key}\0{entry.version}".encode()).hexdigest()
        found = self._cache / f"{name}{Path(key).suffix}"
        with self._caching, _mapped(f"cannot read {key}", key):
            if not found.is_file():
                self._make_room(entry.size)
                with tempfile.TemporaryDirectory(dir=self._cache, prefix="reading-") as folder:
                    partial = Path(folder) / "content"
                    with partial.open("wb") as file:
                        file.writelines(self.stream(key))
                    partial.replace(found)
            found.touch()
        return found

    def delete(self, prefix: str) -> None:
        keys = [entry.key for entry in self.list(prefix)] or [prefix]
        with _mapped(f"cannot delete {prefix}"):
            for key in keys:
                with suppress(FileNotFoundError):
                    self._store.delete(key)

    def sweep(self, older_than_s: float) -> None:
        """Nothing: stores show what is whole only, and drop unfinished uploads by rules of their own."""

    def _make_room(self, size: int) -> None:
        """Removes what was least lately read, and what processes that died had begun to read or write."""
        self._cache.mkdir(parents=True, exist_ok=True)
        now = time.time()
        for path in self._cache.iterdir():
            if path.is_dir() and path.stat().st_mtime < now - _WORKING_S:
                shutil.rmtree(path, ignore_errors=True)
        files = [path for path in self._cache.iterdir() if path.is_file()]
        for path in sorted(files, key=lambda path: path.stat().st_mtime, reverse=True):
            size += path.stat().st_size
            if size > self._cache_bytes:
                path.unlink()


def _entry(meta: "ObjectMeta") -> Entry:
    modified = meta["last_modified"].timestamp()
    version = (meta["e_tag"] or f"{modified}-{meta['size']}").strip('"')
    return Entry(meta["path"], meta["size"], modified, version)


@contextmanager
def _mapped(what: str, key: str = "") -> Iterator[None]:
    """
    Args:
        key: where something must be.
    """
    from obstore.exceptions import BaseError

    try:
        yield
    except FileNotFoundError as error:
        if not key:
            raise
        raise StorageError(f"nothing stored at {key}") from error
    except (BaseError, OSError, ValueError) as error:
        raise StorageError(f"{what}: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    """Without what obstore appends for its own developers."""
    return str(error).partition("\n")[0]
