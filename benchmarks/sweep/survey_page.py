"""The page on which people judge clips: one HTML file with everything in it, that tells nobody which clip is which."""

import base64
import json
import random
from importlib import resources
from itertools import groupby
from pathlib import Path

from backends.errors import InputError
from benchmarks.sweep.survey import KEY, LENGTHS_S, USES, WAITS_S, Key, Shown

MOST_BYTES = 64 * 2**20
"""Of all clips together: browsers have to hold the page."""


def make_page(clips: Path, page: Path) -> Path:
    """Writes the page, and beside it the key to its clips; gives the key's path.

    Args:
        clips: Folder of MP4s; those named NAME@VARIANT.mp4 are compared with the others of that NAME.

    Raises:
        InputError: there are no clips, or too much of them.
    """
    files = sorted(clips.glob("*.mp4"))
    if not files:
        raise InputError(f"{clips}: holds no .mp4; put the clips there that people are to judge")
    size = sum(file.stat().st_size for file in files)
    if size > MOST_BYTES:
        raise InputError(
            f"{clips}: {size / 2**20:.0f} MiB of clips are more than a page can hold ({MOST_BYTES >> 20} MiB); "
            "take fewer, shorter or smaller ones"
        )
    chance = random.SystemRandom()
    shown = [_shown(file, f"{chance.getrandbits(64):016x}") for file in files]
    key = Key(survey=f"{chance.getrandbits(64):016x}", clips=tuple(shown))
    page.write_text(_page(key, files), encoding="utf-8")
    path = page.with_name(KEY)
    path.write_text(key.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return path


def _shown(file: Path, number: str) -> Shown:
    item, _, variant = file.stem.partition("@")
    return Shown(id=number, item=item or file.stem, variant=variant or file.stem)


def _page(key: Key, files: list[Path]) -> str:
    """Items are numbered too: a name could tell who made what."""
    items = [item for item, _ in groupby(clip.item for clip in key.clips)]
    survey = {
        "id": key.survey,
        "uses": USES,
        "lengths": LENGTHS_S,
        "waits": WAITS_S,
        "clips": [
            {
                "id": clip.id,
                "item": items.index(clip.item),
                "video": "data:video/mp4;base64," + base64.b64encode(file.read_bytes()).decode(),
            }
            for clip, file in zip(key.clips, files, strict=True)
        ],
    }
    source = resources.files("benchmarks.sweep").joinpath("survey.html").read_text("utf-8")
    # A "<" could end the script that holds it.
    return source.replace("{{ survey }}", json.dumps(survey).replace("<", "\\u003c"))
