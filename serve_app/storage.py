"""Where uploads, speech, segments and clips are kept, by key."""

import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Protocol

from backends.errors import StorageError

_KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")


class Storage(Protocol):
    """Bytes by key; keys are relative paths of plain names ("jobs/3f/segments/00025.mp4")."""

    def put(self, key: str, data: bytes) -> None:
        """Stores `data` whole or not at all, replacing what was there."""
        ...

    def get(self, key: str) -> bytes:
        """Raises StorageError when there is nothing at `key`."""
        ...

    def exists(self, key: str) -> bool: ...

    def writing(self, key: str) -> AbstractContextManager[Path]:
        """A local file to fill: stored when the block ends, gone without a trace when it raises."""
        ...

    def path(self, key: str) -> Path:
        """A local file of that content, for readers that want one."""
        ...

    def delete(self, prefix: str) -> None:
        """Removes `prefix` and everything below it; nothing there is no error."""
        ...


class FolderStorage:
    """A folder on a disk that all processes of the service see."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, key: str, data: bytes) -> None:
        with self.writing(key) as partial:
            partial.write_bytes(data)

    @contextmanager
    def writing(self, key: str) -> Iterator[Path]:
        target = self.path(key)
        partial = target.with_name(f"{target.name}.{secrets.token_hex(4)}.part")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            yield partial
            partial.replace(target)
        except OSError as error:
            raise StorageError(f"cannot store {key}: {error.strerror or error}") from error
        finally:
            with suppress(OSError):
                partial.unlink()

    def get(self, key: str) -> bytes:
        try:
            return self.path(key).read_bytes()
        except OSError as error:
            raise StorageError(f"nothing stored at {key}") from error

    def exists(self, key: str) -> bool:
        return self.path(key).is_file()

    def path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise StorageError(f"{key!r} is no storage key")
        return self._root / key

    def delete(self, prefix: str) -> None:
        target = self.path(prefix)
        if target.is_dir():
            shutil.rmtree(target, ignore_errors=True)
        else:
            target.unlink(missing_ok=True)


def open_storage(url: str) -> Storage:
    """Storage by address: a folder, as a path or as file:///path."""
    return FolderStorage(Path(url.removeprefix("file://")).expanduser())
