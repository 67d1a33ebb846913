"""Videos that cannot be mistaken for one another: each has a portrait and a text of its own, and one right outcome.

The engines "tone" and "sketch" compute nothing by chance, so the clip that a service gives must be, byte for byte, the
one that is made undisturbed in one process. Run as a program it makes such clips with the modules that it finds:

    python -m benchmarks.orders FOLDER NUMBER...
"""

import asyncio
import io
import random
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from backends.faces.presets import preset
from serve_app.config import EngineConfig, TierConfig
from serve_app.local import Studio
from serve_app.schemas import VideoRequest

TIER = TierConfig(
    tier="chaos",
    speech=EngineConfig(engine="tone"),
    animation=EngineConfig(engine="sketch"),
    max_characters=50_000,
)
_FACE, _PATCH = (96, 0, 352, 256), 48
"""Of the picture what is shown, and the sides of the corners that are painted, in pixels."""
_SHADES = 6
_SENTENCES = (
    "This is the film with the number {n}, and it has a face of its own.",
    "Nobody else says number {n}.",
    "Whatever dies while {n} is made, it comes out whole.",
    "A short word about {n}.",
)


@dataclass(frozen=True, slots=True)
class Order:
    number: int
    sentences: int = 0
    """0: few, as the number will have it."""

    @property
    def text(self) -> str:
        chance = random.Random(self.number)
        count = self.sentences or chance.choice((1, 1, 2, 3))
        return " ".join(chance.choice(_SENTENCES).format(n=self.number) for _ in range(count))

    @property
    def portrait(self) -> bytes:
        """PNG of somebody before a background in a colour of this order's own."""
        with Image.open(preset("astronaut").path) as picture:
            pixels = np.array(picture.convert("RGB").crop(_FACE))
        digits = (self.number // _SHADES**place % _SHADES for place in range(3))
        colour = [round(255 * digit / (_SHADES - 1)) for digit in digits]
        pixels[:_PATCH, :_PATCH] = colour
        pixels[:_PATCH, -_PATCH:] = colour[::-1]
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "png")
        return file.getvalue()

    def request(self, portrait: str) -> VideoRequest:
        return VideoRequest(
            text=self.text,
            portrait=portrait,
            tier=TIER.tier,
            seed=self.number,
            size=128,
            fps=10,
            quality="draft",
        )


def make(orders: list[Order], folder: Path) -> list[Path]:
    """The clips as they have to turn out, below `folder`."""

    async def each(studio: Studio) -> list[Path]:
        made = []
        for order in orders:
            key = f"portraits/{order.number}"
            studio.storage.put(key, order.portrait)
            output = folder / f"{order.number}-{order.sentences}.mp4"
            await studio.make(order.request(key), output, lambda *_: None)
            made.append(output)
        return made

    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="prosopon-orders-") as workplace:
        return asyncio.run(each(Studio(TIER, Path(workplace))))


if __name__ == "__main__":
    wanted = [Order(*map(int, argument.split("-"))) for argument in sys.argv[2:]]
    make(wanted, Path(sys.argv[1]))
