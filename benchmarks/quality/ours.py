"""One clip of Prosopon in a process of its own: a picture, a recording, an engine and its options.

python -m benchmarks.quality.ours PICTURE SOUND CLIP.mp4 --engine rig [--options JSON] [--size 512]
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

from serve_app.config import EngineConfig, read_tier
from serve_app.local import studio
from serve_app.schemas import Stage, VideoRequest


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("picture", type=Path)
    parser.add_argument("sound", type=Path)
    parser.add_argument("clip", type=Path)
    parser.add_argument("--engine", default="rig")
    parser.add_argument("--options", type=json.loads, default={}, help="the engine's, as JSON")
    parser.add_argument("--size", type=int, default=512)
    chosen = parser.parse_args(arguments)
    animation = EngineConfig(engine=chosen.engine, options=chosen.options)
    tier = read_tier("lightweight").model_copy(update={"animation": animation})
    request = VideoRequest(portrait="picture", audio="sound", size=chosen.size, fps=25)

    async def make() -> None:
        with studio(tier) as made:
            made.storage.put(request.portrait, chosen.picture.read_bytes())
            made.storage.put("sound", chosen.sound.read_bytes())
            await made.make(request, chosen.clip, _silent)

    asyncio.run(make())


def _silent(stage: Stage, done: float) -> None:
    """Nobody is told how far the work is."""


if __name__ == "__main__":
    main()
