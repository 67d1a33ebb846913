"""What becomes of failures on the way through a Serve handle; real ones are in tests/serve."""

import asyncio
from collections.abc import AsyncIterator, Generator
from typing import Any, cast

import pytest
from ray.exceptions import ActorDiedError, ActorUnavailableError, RayTaskError
from ray.serve.exceptions import BackPressureError
from ray.serve.handle import DeploymentHandle

from backends.errors import EngineError, NoFaceError, ProsoponError, SynthesisError
from backends.faces.framing import Framing
from backends.speech.engine import Licence, Voice
from backends.types import NO_CUE, TextSpan, Utterance
from serve_app import handles
from serve_app.clients import Prepared
from serve_app.handles import ATTEMPTS, AnimationHandle, SpeechHandle, TierHandle
from serve_app.problems import QueueFullError
from serve_app.schemas import SpeechRequest, VideoRequest

VOICE = Voice("v", "V", "en", "", 22_050, Licence("Apache-2.0", "none", True))
UTTERANCE = Utterance("a", (TextSpan(0, 1, NO_CUE, -1),), "en")
Outcome = BaseException | list[object] | object


class Response:
    """What a handle's call gives: to be awaited, or iterated where it streams."""

    def __init__(self, outcome: Outcome) -> None:
        self._outcome = outcome
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True

    def __await__(self) -> Generator[Any, None, object]:
        if isinstance(self._outcome, asyncio.Event):
            yield from self._outcome.wait().__await__()
        return self._value(self._outcome)

    async def __aiter__(self) -> AsyncIterator[object]:
        assert isinstance(self._outcome, list)
        for item in self._outcome:
            yield self._value(item)

    @staticmethod
    def _value(outcome: Outcome) -> object:
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome


class Handle:
    """A deployment whose calls end as told, one after the other."""

    deployment_name = "Stage"

    def __init__(self, *outcomes: Outcome) -> None:
        self._outcomes = iter(outcomes)
        self.responses: list[Response] = []

    def options(self, stream: bool) -> "Handle":
        assert stream
        return self

    def __getattr__(self, method: str) -> "Handle":
        return self

    def remote(self, *_: object, carried: dict[str, str]) -> Response:
        self.responses.append(Response(next(self._outcomes)))
        return self.responses[-1]


def wrapped(error: Exception) -> Exception:
    """As Ray hands over what a replica raised."""
    task_error = RayTaskError("draw", "Traceback ...", error)
    return cast(Exception, task_error.as_instanceof_cause())


def animation(handle: Handle) -> AnimationHandle:
    return AnimationHandle(cast(DeploymentHandle[Any], handle))


async def prepare(handle: Handle) -> Prepared:
    return await animation(handle).prepare("preset:astronaut", Framing())


async def speak(handle: Handle) -> list[object]:
    client = SpeechHandle(cast(DeploymentHandle[Any], handle))
    return [chunk async for chunk in client.speak(UTTERANCE, VOICE, 0, 1.0)]


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handles, "_PAUSE_S", 0.0)


@pytest.mark.parametrize("error", [ActorDiedError(), ActorUnavailableError("gone", None)])
async def test_call_whose_replica_dies_is_made_again(error: Exception) -> None:
    assert await prepare(Handle(error, wrapped(error), Prepared((512, 512)))) == Prepared(
        (512, 512)
    )


async def test_stage_that_always_dies_is_given_up() -> None:
    handle = Handle(*[ActorDiedError()] * ATTEMPTS)
    with pytest.raises(EngineError, match="Stage"):
        await prepare(handle)
    assert len(handle.responses) == ATTEMPTS


@pytest.mark.parametrize("error", [NoFaceError("no face in it"), SynthesisError("out of breath")])
async def test_error_comes_out_as_it_was_raised_and_is_not_tried_again(
    error: ProsoponError,
) -> None:
    handle = Handle(wrapped(error))
    with pytest.raises(ProsoponError) as caught:
        await prepare(handle)
    assert type(caught.value) is type(error)
    assert caught.value.message == error.message


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (wrapped(KeyError("x")), EngineError),
        (ValueError("x"), EngineError),
        (BackPressureError(num_queued_requests=9, max_queued_requests=9), QueueFullError),
    ],
)
async def test_any_other_error_is_one_of_ours(error: Exception, kind: type[Exception]) -> None:
    with pytest.raises(kind, match="Stage"):
        await prepare(Handle(error))


async def test_stream_that_breaks_off_is_begun_anew_and_nothing_comes_twice() -> None:
    handle = Handle(["a", "b", ActorDiedError()], ["a", "b", "c"])
    assert await speak(handle) == ["a", "b", "c"]


async def test_stream_that_always_breaks_off_is_given_up() -> None:
    handle = Handle(*[["a", ActorDiedError()]] * ATTEMPTS)
    with pytest.raises(EngineError, match="Stage"):
        await speak(handle)
    assert len(handle.responses) == ATTEMPTS


async def test_speech_is_handed_on_while_the_rest_is_spoken() -> None:
    client = SpeechHandle(
        cast(DeploymentHandle[Any], Handle(["a", SynthesisError("out of breath")]))
    )
    spoken = aiter(client.speak(UTTERANCE, VOICE, 0, 1.0))
    assert await anext(spoken) == "a"
    with pytest.raises(SynthesisError):
        await anext(spoken)


async def test_error_in_a_stream_comes_out_as_it_was_raised() -> None:
    with pytest.raises(SynthesisError, match="out of breath"):
        await speak(Handle(["a", wrapped(SynthesisError("out of breath"))]))


async def test_cancelled_call_is_cancelled_in_the_replica() -> None:
    handle = Handle(asyncio.Event())
    call = asyncio.create_task(prepare(handle))
    for _ in range(3):  # until it waits
        await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert handle.responses[0].cancelled


def tier(handle: Handle) -> TierHandle:
    return TierHandle(cast("DeploymentHandle[Any]", handle))


async def test_speech_is_passed_on_piece_by_piece_and_never_begun_anew() -> None:
    handle = Handle(["one", "two", ActorUnavailableError("gone", b"x" * 16)])
    heard: list[object] = []
    with pytest.raises(EngineError, match="Stage"):
        async for piece in tier(handle).speak(SpeechRequest(input="Hello.")):
            heard.append(piece)
    assert heard == ["one", "two"] and len(handle.responses) == 1
    refused = Handle([SynthesisError("no breath")])
    with pytest.raises(SynthesisError, match="no breath"):
        await anext(aiter(tier(refused).speak(SpeechRequest(input="Hello."))))


async def test_session_that_is_closed_is_cancelled_in_the_replica() -> None:
    handle = Handle(["one", "two"])
    pieces = tier(handle).converse(VideoRequest(), "session")
    assert await anext(pieces) == "one"
    await pieces.aclose()
    assert handle.responses[0].cancelled
