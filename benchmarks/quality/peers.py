"""Prosopon beside the scripts of others: same portrait, sound, weights and machine, in the same run.

    python -m benchmarks.quality.peers --reference wav2lip=CHECKOUT --weights wav2lip=wav2lip.pth
        [--python wav2lip=PYTHON] [--portrait preset:astronaut] [--audio FILE | --text TEXT]
        [--truth CLIP …] [--rounds 3] [--keep FOLDER] [--json FILE]

Each clip is made by a fresh process, ours and theirs in turn; times are those of the whole process,
from start to finished file. Then the judges of `benchmarks.quality` look at one clip of each. A
peer's script runs under the Python given for it, where its own packages are.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import soundfile
from rich.console import Console
from rich.table import Table

from backends.errors import ProsoponError
from backends.speech.recorded import RECORDED_HZ, open_recording
from benchmarks.quality import clips
from benchmarks.quality.__main__ import as_json, clip_files, judged, report
from benchmarks.quality.scores import Asked, Scores

TEXT = (
    "The thin boy bought five big moving vans, people believe, "
    "and tomorrow we will probably meet again."
)
LIMIT_S = 1800.0
"""Longest that one clip may take."""
FACE, SOUND, CLIP = "face.png", "sound.wav", "clip.mp4"
"""What lies in the folder that a script runs in, and what comes out."""
TOLD = 12
"""Last lines of a script that failed."""


class Given(NamedTuple):
    """What the user has of a peer."""

    checkout: Path
    weights: Path
    python: str


class Peer(NamedTuple):
    """How to ask a peer for a clip, and our engine for the like. Both run in a folder of their own."""

    engine: str
    options: Callable[[Path], Mapping[str, object]]
    """Of our engine, from the weights."""
    command: Callable[[Given], list[str]]
    folders: tuple[str, ...] = ()
    """That the script wants to find."""


def _wav2lip(given: Given) -> list[str]:
    return [
        given.python, str(given.checkout / "inference.py"), "--checkpoint_path", str(given.weights),
        "--face", FACE, "--audio", SOUND, "--outfile", CLIP,
    ]  # fmt: skip


def _sadtalker(given: Given) -> list[str]:
    return [
        given.python, str(given.checkout / "inference.py"), "--checkpoint_dir", str(given.weights),
        "--source_image", FACE, "--driven_audio", SOUND, "--result_dir", "results",
        "--size", "256", "--preprocess", "full", "--still",
    ]  # fmt: skip


PEERS: Mapping[str, Peer] = {
    "wav2lip": Peer("wav2lip", lambda path: {"weights": str(path)}, _wav2lip, ("temp",)),
    "sadtalker": Peer(
        "sadtalker",
        lambda path: {"weights": str(path), "size": 256, "framing": "full", "still": True},
        _sadtalker,
        ("results",),
    ),
}


class PeerError(Exception):
    """A script made no clip; the message says what it said last."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one clip cost."""

    wall_s: float
    cpu_s: float
    """User and system time of the process and all that it waited for."""
    peak_mib: float
    """Largest resident memory of one of its processes."""


def run(command: Sequence[str], folder: Path, limit_s: float = LIMIT_S) -> Run:
    """Runs a script in a folder, and says what it cost.

    Raises:
        PeerError: it cannot be started, failed, or took longer than the limit, when it is ended.
    """
    began = time.perf_counter()
    with (folder / "said.txt").open("wb") as said:
        try:
            script = subprocess.Popen(
                command, cwd=folder, stdout=said, stderr=subprocess.STDOUT, start_new_session=True
            )
        except OSError as error:
            raise PeerError(f"{command[0]} cannot be started: {error.strerror}") from error
        late = threading.Timer(limit_s, os.killpg, (script.pid, signal.SIGKILL))
        late.start()
        _, status, used = os.wait4(script.pid, 0)
        late.cancel()
        script.returncode = os.waitstatus_to_exitcode(status)
    wall_s = time.perf_counter() - began
    if script.returncode != 0:
        why = f"took longer than {limit_s:.0f} s" if wall_s >= limit_s else "failed"
        lines = (folder / "said.txt").read_text("utf-8", "replace").strip().splitlines()
        raise PeerError("\n".join([f"{' '.join(command[:2])} {why}", *lines[-TOLD:]]))
    return Run(wall_s, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def theirs(name: str, given: Given, material: Path, folder: Path) -> tuple[Run, Path]:
    """A clip by the peer's script."""
    for inside in PEERS[name].folders:
        (folder / inside).mkdir()
    for file in (FACE, SOUND):
        shutil.copy(material / file, folder / file)
    cost = run(PEERS[name].command(given), folder)
    made = sorted(folder.rglob("*.mp4"), key=lambda path: path.stat().st_mtime)
    if not made:
        raise PeerError(f"{name}'s script ended well and left no MP4")
    return cost, made[-1]


def ours(name: str, weights: Path, material: Path, folder: Path, size: int) -> tuple[Run, Path]:
    """A clip by our engine of the same network."""
    peer, clip = PEERS[name], folder / CLIP
    command = [
        sys.executable, "-m", "benchmarks.quality.ours", str(material / FACE),
        str(material / SOUND), str(clip), "--engine", peer.engine,
        "--options", json.dumps(peer.options(weights)), "--size", str(size),
    ]  # fmt: skip
    return run(command, folder), clip


@dataclass(frozen=True, slots=True)
class Pair:
    """Ours beside theirs."""

    name: str
    ours: tuple[Run, ...]
    theirs: tuple[Run, ...]
    clips: tuple[Path, Path]

    def medians(self, field: str) -> tuple[float, float]:
        mine, others = (
            statistics.median(getattr(one, field) for one in some)
            for some in (self.ours, self.theirs)
        )
        return float(mine), float(others)


def compare(name: str, given: Given, material: Path, keep: Path, rounds: int, size: int) -> Pair:
    """Clips of both in turn, those of the last round kept.

    Raises:
        PeerError: either made none.
    """
    costs: tuple[list[Run], list[Run]] = ([], [])
    kept = keep / f"{name}, ours.mp4", keep / f"{name}, theirs.mp4"
    for _ in range(rounds):
        makers: Sequence[Callable[[Path], tuple[Run, Path]]] = (
            lambda folder: ours(name, given.weights, material, folder, size),
            lambda folder: theirs(name, given, material, folder),
        )
        for make, found, place in zip(makers, costs, kept, strict=True):
            with tempfile.TemporaryDirectory(prefix="prosopon-peer-") as folder:
                cost, clip = make(Path(folder))
                found.append(cost)
                shutil.copy(clip, place)
    return Pair(name, tuple(costs[0]), tuple(costs[1]), kept)


def times(pairs: Sequence[Pair], sound_s: float) -> Table:
    """What clips cost, medians over the rounds, for a second of sound."""
    out = Table("peer", "measure", "ours", "theirs", "theirs / ours")
    for pair in pairs:
        for title, field, per in (
            ("wall time, s for each second", "wall_s", sound_s),
            ("processor time, s for each second", "cpu_s", sound_s),
            ("peak memory, MiB", "peak_mib", 1.0),
        ):
            mine, others = pair.medians(field)
            cells = f"{mine / per:.2f}", f"{others / per:.2f}", f"{others / mine:.2f}"
            out.add_row(f"{pair.name} ({len(pair.ours)} rounds)", title, *cells)
    return out


def prepare(folder: Path, portrait: str, audio: Path | None, text: str, size: int) -> float:
    """Portrait and sound as both get them; returns the sound's seconds."""
    pixels = clips.framed(portrait, size).pixels
    cv2.imwrite(str(folder / FACE), cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
    if audio is None:
        said = clips.spoken(text)
        samples, rate = said.samples, said.sample_rate
    else:
        recording = open_recording(audio, str(audio))
        samples, rate = np.concatenate(list(recording.pieces())), RECORDED_HZ
    soundfile.write(folder / SOUND, samples, rate, subtype="PCM_16")
    return len(samples) / rate


def named(pairs: Sequence[str], what: str) -> dict[str, str]:
    """NAME=VALUE arguments.

    Raises:
        SystemExit: an unknown name, or no "=".
    """
    found = dict(pair.partition("=")[::2] for pair in pairs)
    for name, value in found.items():
        if name not in PEERS or not value:
            raise SystemExit(f"{what} {name}: give NAME=PATH, NAME one of {', '.join(PEERS)}")
    return found


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.quality.peers", description=(__doc__ or "").splitlines()[0]
    )
    several: Any = {"action": "append", "default": [], "metavar": "NAME=PATH"}
    parser.add_argument("--reference", required=True, **several, help="the peer's checkout")
    parser.add_argument("--weights", **several, help="its published weights, which ours takes too")
    parser.add_argument("--python", **several, help="that runs its script; default: this one")
    parser.add_argument("--portrait", default="preset:astronaut")
    parser.add_argument("--audio", type=Path, help="the sound; without it, --text is spoken")
    parser.add_argument("--text", default=TEXT)
    parser.add_argument("--size", type=int, default=512, help="longer side of the portrait")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--truth", nargs="+", type=Path, default=(), help="people filmed talking")
    parser.add_argument("--syncnet", type=Path, help="SyncNet's weights")
    parser.add_argument("--keep", type=Path, help="folder for the clips")
    parser.add_argument("--json", type=Path, help="write the numbers there too")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    chosen, console = parse(arguments), Console()
    checkouts = named(chosen.reference, "--reference")
    weights, pythons = named(chosen.weights, "--weights"), named(chosen.python, "--python")
    if lacking := checkouts.keys() - weights.keys():
        raise SystemExit(f"--weights {', '.join(sorted(lacking))}=PATH: what both are to load")
    with tempfile.TemporaryDirectory(prefix="prosopon-peers-") as folder:
        material = Path(folder)
        keep = chosen.keep or material / "clips"
        keep.mkdir(parents=True, exist_ok=True)
        try:
            seconds = prepare(material, chosen.portrait, chosen.audio, chosen.text, chosen.size)
        except ProsoponError as error:
            raise SystemExit(error.message) from error
        pairs: list[Pair] = []
        for name, checkout in checkouts.items():
            paths = Path(checkout).resolve(), Path(weights[name]).resolve()
            given = Given(*paths, pythons.get(name, sys.executable))
            try:
                pairs.append(compare(name, given, material, keep, chosen.rounds, chosen.size))
            except PeerError as error:
                console.print(f"{name}: {error}", style="red", markup=False)
        if not pairs:
            return 1
        console.print(times(pairs, seconds))
        truth, found = _judged(pairs, chosen, console)
    if chosen.json:
        result = {"sound_s": seconds, "pairs": [_row(pair) for pair in pairs]}
        result |= as_json(truth, found)
        chosen.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 0 if len(pairs) == len(checkouts) else 1


def _judged(
    pairs: Sequence[Pair], chosen: argparse.Namespace, console: Console
) -> tuple[list[Scores], list[Scores]]:
    portrait = clips.framed(chosen.portrait, 720).pixels
    said = "" if chosen.audio else chosen.text
    asked = Asked(portrait, text=said, syncnet=chosen.syncnet)
    truth = list(judged(clip_files(chosen.truth), Asked(syncnet=chosen.syncnet), console))
    files = [clip for pair in pairs for clip in pair.clips]
    found = list(judged(files, asked, console))
    report(truth, found, console)
    return truth, found


def _row(pair: Pair) -> dict[str, object]:
    return {
        "peer": pair.name,
        "ours": [asdict(one) for one in pair.ours],
        "theirs": [asdict(one) for one in pair.theirs],
    }


if __name__ == "__main__":
    sys.exit(main())
