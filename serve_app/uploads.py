"""Files that callers send: streamed to storage, bounded, and named by ids afterwards."""

import asyncio
import hashlib
import re
import secrets
import shutil
from collections.abc import Mapping
from typing import BinaryIO

from backends.errors import InputError, UnknownPortraitError
from backends.faces.framing import names_picture
from backends.faces.presets import PRESETS
from serve_app import audit
from serve_app.problems import NotFoundError, RequestTooLargeError
from serve_app.schemas import VideoRequest
from serve_app.storage import Storage

_ID = re.compile(r"[0-9a-f]{32}")


class Uploads:
    """Those of one tenant; nobody else's can be named here."""

    def __init__(self, storage: Storage, max_bytes: int, tenant: str) -> None:
        self._storage = storage
        self._max_bytes = max_bytes
        self._whose = hashlib.sha256(tenant.encode()).hexdigest()[:32]

    async def keep(self, file: BinaryIO) -> str:
        """Its id serves as `portrait`, `driving_video`, `audio`, `reference_audio` and `background` in requests."""
        upload = secrets.token_hex(16)
        await self.store(self._key(upload), file)
        audit.did("create_upload", upload)
        return upload

    async def forget(self, upload: str) -> None:
        """Raises NotFoundError where there is none of that id."""
        key = await asyncio.to_thread(self._found, upload)
        if key is None:
            raise NotFoundError(f"there is no upload {upload!r}")
        await asyncio.to_thread(self._storage.delete, key)
        audit.did("delete_upload", upload)

    async def store(self, key: str, file: BinaryIO) -> None:
        """Raises RequestTooLargeError, and leaves nothing behind then."""

        def copy() -> None:
            with self._storage.writing(key) as path, path.open("wb") as target:
                shutil.copyfileobj(file, target)
                if target.tell() > self._max_bytes:
                    raise RequestTooLargeError(
                        f"the file has {target.tell()} bytes, at most {self._max_bytes} are taken"
                    )

        await asyncio.to_thread(copy)

    def placed(self, request: VideoRequest, own: Mapping[str, str]) -> VideoRequest:
        """The request with storage keys in place of ids.

        Args:
            own: keys of files that came with the request, by field.

        Raises:
            InputError: it names an upload that does not exist.
        """
        kept = {
            "portrait": own.get("portrait") or self.portrait(request.portrait),
            "driving_video": self.driving_video(request.driving_video),
            "audio": own.get("audio") or self.audio(request.audio),
            "reference_audio": own.get("reference_audio")
            or self.audio(request.reference_audio, "reference_audio"),
            "background": self.background(request.background),
        }
        return request.model_copy(update=kept)

    def portrait(self, portrait: str) -> str:
        """The storage key of an upload; a preset as it is."""
        if portrait.startswith("preset:"):
            return portrait
        if upload := self._found(portrait):
            return upload
        known = ", ".join(f"preset:{name}" for name in PRESETS)
        raise UnknownPortraitError(
            f"portrait {portrait!r} is neither the id of an upload nor one of {known}"
        )

    def driving_video(self, video: str | None) -> str | None:
        if not video:
            return None
        if key := self._found(video):
            return key
        raise InputError(
            f"driving_video {video!r} is not the id of an upload; send the video to /v1/uploads first"
        )

    def audio(self, audio: str | None, field: str = "audio") -> str | None:
        if not audio:
            return None
        if key := self._found(audio):
            return key
        raise InputError(
            f"{field} {audio!r} is not the id of an upload; send the recording to /v1/uploads first"
        )

    def background(self, background: str) -> str:
        if not names_picture(background):
            return background
        if key := self._found(background):
            return key
        raise InputError(
            f"background {background!r} is neither source, blur, #rrggbb nor the id of an upload; "
            "send a picture to /v1/uploads first"
        )

    def _found(self, upload: str) -> str | None:
        key = self._key(upload)
        return key if _ID.fullmatch(upload) and self._storage.exists(key) else None

    def _key(self, upload: str) -> str:
        return f"uploads/{self._whose}-{upload}"
