"""The routes of what there is to choose from, of what would come of it, and of speech alone."""

from functools import cache
from io import BytesIO

from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse, StreamingResponse

from backends.composition.credentials import SYNTHETIC
from backends.errors import UnknownPortraitError
from backends.faces.presets import preset
from serve_app import audit
from serve_app.catalogue import (
    EmotionModel,
    PortraitCheck,
    PortraitModel,
    ScriptModel,
    TierModel,
    VoiceModel,
    emotion_models,
    portrait_models,
)
from serve_app.gateway import Gateway
from serve_app.guard import Who
from serve_app.intake import json_object_of, read_form, read_json, validated, with_pronounce
from serve_app.openapi import binary, json_object, json_or_form
from serve_app.problems import NotFoundError
from serve_app.responses import file_response, made_by_ai
from serve_app.schemas import PortraitRequest, SpeechRequest, VideoRequest

_KEPT = {"Cache-Control": "private, max-age=3600"}
_SOUNDS = ("audio/mpeg", "audio/ogg", "audio/aac", "audio/flac", "audio/wav", "audio/pcm")


def add_choices(api: FastAPI, gateway: Gateway) -> None:
    _add_offers(api, gateway)
    _add_portraits(api)
    _add_previews(api, gateway)
    _add_speech(api, gateway)


def _add_offers(api: FastAPI, gateway: Gateway) -> None:
    @api.get("/v1/tiers", tags=["choices"])
    async def list_tiers() -> tuple[TierModel, ...]:
        return await gateway.offers.tiers()

    @api.get("/v1/voices", tags=["choices"])
    async def list_voices() -> tuple[VoiceModel, ...]:
        return await gateway.offers.voices()

    @api.get("/v1/voices/{voice}", tags=["choices"])
    async def get_voice(voice: str) -> VoiceModel:
        return await gateway.offers.voice(voice)

    @api.head("/v1/voices/{voice}/preview", include_in_schema=False)
    @api.get(
        "/v1/voices/{voice}/preview",
        tags=["choices"],
        response_class=FileResponse,
        responses=binary("audio/wav"),
    )
    async def preview_voice(request: Request, voice: str) -> Response:
        """The voice introduces itself."""
        sound = await gateway.speaking.preview(voice)
        name = f"{voice.replace(':', '-')}.wav"
        told = made_by_ai(SYNTHETIC, signed=True)
        return file_response(request, sound, "audio/wav", name, headers=told)

    @api.get("/v1/emotions", tags=["choices"])
    async def list_emotions() -> list[EmotionModel]:
        """What cues can ask for, with the names they go by."""
        return emotion_models()


def _add_portraits(api: FastAPI) -> None:
    @api.get("/v1/portraits", tags=["choices"])
    async def list_portraits() -> list[PortraitModel]:
        return portrait_models()

    @api.get(
        "/v1/portraits/{name}/image",
        tags=["choices"],
        response_class=Response,
        responses=binary("image/jpeg", ranges=False),
    )
    def get_portrait_image(name: str) -> Response:
        try:
            picture = _shown(name)
        except UnknownPortraitError as error:
            raise NotFoundError(error.message) from error
        return Response(picture, media_type="image/jpeg", headers=_KEPT)


@cache
def _shown(name: str) -> bytes:
    """A preset for pages to show, a tenth as large as its file may be: JPEG."""
    from PIL import Image

    file = BytesIO()
    with Image.open(preset(name).path) as picture:
        picture.convert("RGB").save(file, "JPEG", quality=92)
    return file.getvalue()


def _add_previews(api: FastAPI, gateway: Gateway) -> None:
    @api.post("/v1/scripts/parse", tags=["previews"], openapi_extra=json_object(VideoRequest))
    async def parse_script(request: Request) -> ScriptModel:
        """What a video of this request would say."""
        async with read_form(request, "portrait") as (fields, _):
            video = validated(VideoRequest, with_pronounce(fields))
        return await gateway.parse(video)

    @api.post("/v1/portraits/check", tags=["previews"], openapi_extra=json_or_form(PortraitRequest))
    async def check_portrait(who: Who, request: Request) -> PortraitCheck:
        """The faces of a picture, and whether they can be animated."""
        async with read_form(request, "portrait") as (fields, files):
            wanted = validated(PortraitRequest, fields)
            return await gateway.examine(who, wanted, files.get("portrait"))


def _add_speech(api: FastAPI, gateway: Gateway) -> None:
    @api.post(
        "/v1/audio/speech",
        tags=["speech"],
        response_class=StreamingResponse,
        responses=binary(*_SOUNDS, ranges=False),
        openapi_extra=json_object(SpeechRequest),
    )
    async def create_speech(who: Who, request: Request) -> StreamingResponse:
        """Speech alone, as OpenAI's endpoint takes it; a stream is heard from the first sentence on. X-Voice and X-Tier
        tell whose voice it is."""
        wanted = validated(SpeechRequest, json_object_of(await read_json(request)))
        spoken = await gateway.speak(who, wanted)
        audit.did("create_speech")
        told = {"X-Voice": spoken.voice, "X-Tier": spoken.tier, "Cache-Control": "no-store"}
        told |= made_by_ai(SYNTHETIC, spoken.signed)
        return StreamingResponse(spoken.content, headers=told, media_type=spoken.media_type)
