"""All judges on any clips, beside people who were filmed while they talked.

    python -m benchmarks.quality CLIP|FOLDER … [--truth CLIP|FOLDER …] [--portrait PICTURE]
        [--text TEXT] [--emotion happy] [--syncnet syncnet_v2.model] [--json FILE]

What `prosopon speak --json` prints is read from CLIP.json beside CLIP.mp4, where it is. The judges
(extra `judge`) share nothing with what drew the clips; no number means much without the column of
filmed people. README.md in this folder says what each measure is.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cv2
from rich.console import Console

from backends.errors import ProsoponError
from benchmarks.machine import machine
from benchmarks.quality import clips
from benchmarks.quality.film import open_film
from benchmarks.quality.scores import Asked, Scores, score, table

CLIPS = frozenset({".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v"})
ABREAST = 5
"""Clips in one table."""


def clip_files(given: Iterable[Path]) -> list[Path]:
    """The clips, and those inside the folders."""
    found: list[Path] = []
    for one in given:
        inside = sorted(one.iterdir()) if one.is_dir() else [one]
        found += [p for p in inside if not one.is_dir() or p.suffix.lower() in CLIPS]
    return found


def judged(files: Iterable[Path], asked: Asked, console: Console) -> Iterator[Scores]:
    """Scores of the clips; one that cannot be judged is told and left out."""
    for path in files:
        try:
            yield score(open_film(path), asked)
        except ValueError as error:
            console.print(f"left out: {error}", style="red", markup=False)


def report(
    truth: Sequence[Scores], found: Sequence[Scores], console: Console, title: str = ""
) -> None:
    """Prints the tables, and which judges were not there."""
    for first in range(0, max(len(found), 1), ABREAST):
        console.print(table(truth, found[first : first + ABREAST], title))
    for message in dict.fromkeys(m for one in (*truth, *found) for m in one.left_out):
        console.print(f"left out: {message}", markup=False)


def as_json(truth: Sequence[Scores], found: Sequence[Scores]) -> dict[str, Any]:
    def rows(some: Sequence[Scores]) -> list[Mapping[str, Any]]:
        return [{"clip": one.name, **one.values} for one in some]

    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "version": version("prosopon"),
        "machine": machine(),
        "truth": rows(truth),
        "clips": rows(found),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.quality", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("clips", nargs="+", type=Path, help="videos, or folders of them")
    parser.add_argument("--truth", nargs="+", type=Path, default=(), help="people filmed talking")
    parser.add_argument("--portrait", help="who the clips show: a picture or preset:NAME")
    parser.add_argument("--text", default="", help="what is said in every clip")
    parser.add_argument("--language", default="en", help="of that text: en or el")
    parser.add_argument("--emotion", default="", help="asked for in every clip")
    parser.add_argument("--syncnet", type=Path, help="SyncNet's weights, syncnet_v2.model")
    parser.add_argument("--json", type=Path, help="write the numbers there too")
    chosen = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    console = Console()
    try:
        portrait = clips.framed(chosen.portrait, 720).pixels if chosen.portrait else None
        filmed = Asked(syncnet=chosen.syncnet)
        asked = Asked(portrait, chosen.emotion, chosen.text, chosen.language, chosen.syncnet)
        truth = list(judged(clip_files(chosen.truth), filmed, console))
        found = list(judged(clip_files(chosen.clips), asked, console))
    except ProsoponError as error:
        console.print(error.message, style="red", markup=False)
        return 2
    if not found:
        return 2
    report(truth, found, console)
    if chosen.json:
        text = json.dumps(as_json(truth, found), indent=1, ensure_ascii=False)
        chosen.json.write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
