"""The tiers as the gateway knows them, and what they offer."""

import asyncio
from typing import TypeVar

from backends.errors import ProsoponError, UnknownTierError
from serve_app.catalogue import TierFacts, TierModel, VoiceModel, tier_model, voice_models
from serve_app.clients import TierClient, Tiers
from serve_app.problems import NotFoundError, TierUnavailableError
from serve_app.schemas import PortraitRequest, VideoRequest

_DESCRIBING_S = 10.0

RequestT = TypeVar("RequestT", VideoRequest, PortraitRequest)


class Offers:
    def __init__(self, tiers: Tiers) -> None:
        self._tiers = tiers
        self._facts: dict[str, TierFacts] = {}

    async def ready(self) -> tuple[str, ...]:
        """Tiers that can take work.

        Raises:
            TierUnavailableError: none can.
        """
        states = await self._tiers.states()
        available = tuple(name for name, state in states.items() if state.available)
        if not available:
            reasons = "; ".join(f"{name}: {state.reason}" for name, state in states.items())
            raise TierUnavailableError(f"no tier can take work ({reasons})")
        return available

    async def tier(self, name: str) -> TierClient:
        """Raises UnknownTierError, and TierUnavailableError with the reason."""
        states = await self._tiers.states()
        if name not in states:
            raise UnknownTierError(f"there is no tier {name!r}; known are: {', '.join(states)}")
        if not states[name].available:
            raise TierUnavailableError(f"tier {name!r} cannot take work: {states[name].reason}")
        return await self._tiers.client(name)

    async def placed(self, request: RequestT) -> RequestT:
        """With a tier that is here, where the request names none.

        Raises:
            TierUnavailableError: none can take work.
        """
        if "tier" in request.model_fields_set or request.tier in await self._tiers.states():
            return request
        return request.model_copy(update={"tier": (await self.ready())[0]})

    async def tiers(self) -> tuple[TierModel, ...]:
        states = await self._tiers.states()
        found = [
            await self._tier_model(name)
            if state.available
            else TierModel(name=name, available=False, reason=state.reason)
            for name, state in states.items()
        ]
        return tuple(found)

    async def _tier_model(self, name: str) -> TierModel:
        try:
            return tier_model(name, await self.describe(name))
        except (ProsoponError, TimeoutError) as error:
            return TierModel(name=name, available=False, reason=str(error) or "it does not answer")

    async def voices(self) -> tuple[VoiceModel, ...]:
        """Of all available tiers."""
        available = [tier.name for tier in await self.tiers() if tier.available]
        return tuple(v for name in available for v in voice_models(name, self._facts[name]))

    async def voice(self, name: str) -> VoiceModel:
        """Raises NotFoundError."""
        for voice in await self.voices():
            if voice.id == name:
                return voice
        raise NotFoundError(f"there is no voice {name!r}; see /v1/voices")

    async def describe(self, name: str) -> TierFacts:
        if name not in self._facts:
            client = await self._tiers.client(name)
            self._facts[name] = await asyncio.wait_for(client.describe(), _DESCRIBING_S)
        return self._facts[name]
