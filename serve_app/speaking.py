"""Speech without a face, signed as a whole or encoded while it is spoken, and a taste of every voice."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from importlib.metadata import version

from backends.composition.credentials import signed
from backends.composition.sound_files import SoundFile, SoundFormat, whole
from backends.errors import SynthesisError
from serve_app.clients import SpokenPiece
from serve_app.offers import Offers
from serve_app.results import StoredFile
from serve_app.schemas import SpeechRequest
from serve_app.statements import identity, speech_statement
from serve_app.storage import Storage

_OPENAI_MODELS = ("tts-", "gpt-")
_OPENAI_VOICES = frozenset(
    [
        "alloy",
        "ash",
        "ballad",
        "cedar",
        "coral",
        "echo",
        "fable",
        "marin",
        "nova",
        "onyx",
        "sage",
        "shimmer",
        "verse",
    ]
)
"""Names that clients of OpenAI's endpoint send; they stand for the default here."""
_PREVIEWS = {
    "en": "Hello! This is how I sound. [happy] And this is how I sound when I am happy.",
    "el": "Γεια σας! Έτσι ακούγομαι. [χαρά] Κι έτσι ακούγομαι όταν είμαι χαρούμενος.",
}
"""What voices say of themselves; in another language it is the English text."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """Speech that has begun."""

    media_type: str
    voice: str
    """Id of whose it is."""
    tier: str
    content: AsyncIterator[bytes]
    signed: bool
    """Whether it holds content credentials."""


class Speaking:
    def __init__(self, offers: Offers, storage: Storage) -> None:
        self._offers = offers
        self._storage = storage

    async def speak(self, request: SpeechRequest) -> Spoken:
        """Comes back when the first sentence can be heard; where the file can hold content credentials and is not
        wanted as a stream, when all of it is spoken and signed.

        Raises:
            InputError: the request cannot be carried out.
            EngineError: the tier cannot take work, or failed.
        """
        name = request.model
        if name.startswith(_OPENAI_MODELS):
            name = (await self._offers.ready())[0]
        if request.voice in _OPENAI_VOICES:
            request = request.model_copy(update={"voice": "auto"})
        tier = await self._offers.tier(name)
        pieces = aiter(tier.speak(request))
        try:
            first = await anext(pieces)
        except StopAsyncIteration:
            raise SynthesisError("the tier spoke nothing") from None
        kind = SoundFormat(request.response_format)
        content = _encoded(first, pieces, kind)
        if request.stream or not kind.holds_credentials:
            return Spoken(kind.media_type, first.voice, name, content, signed=False)
        engine = (await self._offers.describe(name)).speech.name
        statement = speech_statement(name, engine, first.voice, request)
        data = whole(kind, b"".join([piece async for piece in content]))
        file = await asyncio.to_thread(lambda: signed(data, statement, identity()))
        return Spoken(kind.media_type, first.voice, name, _at_once(file), signed=True)

    async def preview(self, name: str) -> StoredFile:
        """WAV of a voice that introduces itself; spoken once for all.

        Raises:
            NotFoundError: no such voice.
        """
        voice = await self._offers.voice(name)
        text = _PREVIEWS.get(voice.language, _PREVIEWS["en"])
        facts = await self._offers.describe(voice.tier)
        made_of = "\n".join(("signed", version("prosopon"), facts.speech.name, voice.id, text))
        key = f"previews/{hashlib.sha256(made_of.encode()).hexdigest()[:32]}.wav"
        if not await asyncio.to_thread(self._storage.exists, key):
            language = voice.language if voice.language in _PREVIEWS else "en"
            request = SpeechRequest(
                model=voice.tier,
                input=text,
                voice=voice.id,
                language=language,
                response_format="wav",
            )
            spoken = await self.speak(request)
            content = b"".join([piece async for piece in spoken.content])
            await asyncio.to_thread(self._storage.put, key, content)
        return StoredFile(self._storage, await asyncio.to_thread(self._storage.entry, key))


async def _at_once(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def _encoded(
    first: SpokenPiece, others: AsyncIterator[SpokenPiece], kind: SoundFormat
) -> AsyncIterator[bytes]:
    file = SoundFile(kind)
    yield await asyncio.to_thread(file.push, first.samples, first.sample_rate)
    async for piece in others:
        yield await asyncio.to_thread(file.push, piece.samples, piece.sample_rate)
    yield await asyncio.to_thread(file.finish)
