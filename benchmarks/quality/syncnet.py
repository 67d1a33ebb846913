"""SyncNet's opinion of how lips and sound go together: LSE-C and LSE-D, where its weights are given.

Chung & Zisserman, "Out of time: automated lip sync in the wild" (ACCV-W 2016); the measures are
those of Prajwal et al. (ACM MM 2020): the least mean distance of lips and sound over shifts of up
to 15 frames, and how far it lies below the median over the shifts. The weights (`syncnet_v2.model`)
are published by their authors and come inside no package. Higher than filmed people is not better:
the network rewards mouths that articulate too much.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from backends.errors import EngineUnavailableError
from backends.types import FloatArray
from benchmarks.quality.film import SOUND_HZ, Film
from benchmarks.quality.motion import Floats

FPS = 25
CROP = 224
FRAMES, STEPS = 5, 20
"""A window: frames of the face, and columns of the sound, 100 a second."""
MOST_SHIFT = 15
_BATCH = 16
# The face's crop reaches this much, in halves of the detector's box, beyond its sides and twice that
# below it, as the network was trained; the box reaches as much of the landmarks' above the brows.
_MORE, _FOREHEAD = 0.4, 0.2


class LipSync(NamedTuple):
    distance: float
    """LSE-D: the mean distance at the best shift."""
    confidence: float
    """LSE-C: the median over shifts less that."""
    offset_frames: int
    """Of the best shift."""


def judge(film: Film, weights: Path) -> LipSync | None:
    """Judges a clip that shows a face throughout; None where it is shorter than a window.

    Raises:
        EngineUnavailableError: torch is not installed, or the weights are not SyncNet's.
    """
    network = _network(weights)
    faces, columns = crops(film), cepstra(film.sound)
    count = min(len(faces) - FRAMES, (columns.shape[1] - STEPS) // 4)
    return verdict(*_embeddings(network, faces, columns, count)) if count > 0 else None


def verdict(lips: FloatArray, sound: FloatArray) -> LipSync:
    """From (n, 1024) embeddings of each window of lips and of sound."""
    count = min(len(lips), len(sound))
    padded = np.pad(sound[:count], ((MOST_SHIFT, MOST_SHIFT), (0, 0)))
    shifts = range(2 * MOST_SHIFT + 1)
    # 1e-6 keeps to torch's pairwise distance, which published figures were made with.
    by_shift = np.array(
        [np.linalg.norm(lips[:count] - padded[s : s + count] + 1e-6, axis=1) for s in shifts]
    )
    mean = by_shift.mean(axis=1)
    best = int(mean.argmin())
    return LipSync(float(mean[best]), float(np.median(mean) - mean[best]), MOST_SHIFT - best)


def _embeddings(
    network: Any, faces: NDArray[np.uint8], columns: FloatArray, count: int
) -> tuple[FloatArray, FloatArray]:
    """(count, 1024) of lips and of sound, from windows that begin at each frame."""
    import torch

    lips, sound = [], []
    with torch.inference_mode():
        for first in range(0, count, _BATCH):
            some = range(first, min(first + _BATCH, count))
            windows = np.stack([faces[i : i + FRAMES].transpose(3, 0, 1, 2) for i in some])
            heard = np.stack([columns[None, :, 4 * i : 4 * i + STEPS] for i in some])
            lips.append(network.lips(torch.from_numpy(windows.astype(np.float32))).numpy())
            sound.append(network.sound(torch.from_numpy(heard.astype(np.float32))).numpy())
    return np.concatenate(lips), np.concatenate(sound)


def crops(film: Film) -> NDArray[np.uint8]:
    """(n, 224, 224, 3) BGR faces at FPS frames a second, cut as the network was trained.

    Around a face from its forehead to its chin, the box smoothed over 13 frames.
    """
    points = film.seen.points
    low, high = points.min(1), points.max(1)
    low[:, 1] -= _FOREHEAD * (high - low)[:, 1]
    half = _smooth((high - low).max(1) / 2)
    centre = np.column_stack([_smooth(one) for one in ((low + high) / 2).T])
    wanted = np.arange(int(len(points) * FPS / film.seen.fps)) * film.seen.fps / FPS
    nearest = np.rint(wanted).astype(int).clip(0, len(points) - 1)
    out = []
    for index, frame in enumerate(film.frames()):
        times = int((nearest == index).sum())
        if times:
            bgr = cv2.cvtColor(frame, cv2.COLOR_RGB2BGR)
            out += [_cut(bgr, centre[index], float(half[index]))] * times
    return np.stack(out)


def _smooth(track: Floats) -> Floats:
    padded = np.pad(track, 6, mode="edge")
    return np.asarray([np.median(padded[i : i + 13]) for i in range(len(track))])


def _cut(frame: NDArray[Any], centre: Floats, half: float) -> NDArray[Any]:
    scale = CROP / (2 * half * (1 + _MORE))
    left, top = centre[0] - half * (1 + _MORE), centre[1] - half
    place = np.array([[scale, 0, -left * scale], [0, scale, -top * scale]])
    grey = (110, 110, 110)
    return cv2.warpAffine(
        frame, place, (CROP, CROP), flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT, borderValue=grey,
    )  # fmt: skip


def cepstra(sound: FloatArray) -> FloatArray:
    """(13, n) mel-frequency cepstral coefficients, 100 columns a second.

    25 ms windows every 10 ms without a taper, 26 triangles up to 8 kHz over 512 points, pre-emphasis
    0.97, orthonormal cosine transform, lifter 22, the first replaced by the logarithm of the energy.
    """
    from scipy.fft import dct

    pcm = np.rint(sound * 32767.0)
    flat = np.append(pcm[:1], pcm[1:] - 0.97 * pcm[:-1])
    window, hop = SOUND_HZ // 40, SOUND_HZ // 100
    count = 1 + max(0, int(np.ceil((len(flat) - window) / hop)))
    padded = np.pad(flat, (0, (count - 1) * hop + window - len(flat)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, window)[::hop][:count]
    power = np.abs(np.fft.rfft(frames, 512)) ** 2 / 512
    least = np.finfo(float).eps
    energy = np.maximum(power.sum(1), least)
    bands = np.log(np.maximum(power @ _triangles().T, least))
    found = dct(bands, type=2, axis=1, norm="ortho")[:, :13]
    found *= 1 + 11 * np.sin(np.pi * np.arange(13) / 22)
    found[:, 0] = np.log(energy)
    return np.asarray(found.T, np.float32)


@cache
def _triangles() -> Floats:
    """(26, 257) mel filters."""
    top = 2595 * np.log10(1 + SOUND_HZ / 2 / 700)
    hertz = 700 * (10 ** (np.linspace(0, top, 28) / 2595) - 1)
    bins = np.floor(513 * hertz / SOUND_HZ)
    at = np.arange(257)[None]
    low, middle, high = (bins[i : i + 26, None] for i in range(3))
    rising, falling = (at - low) / (middle - low), (high - at) / (high - middle)
    return np.asarray(np.where(at < middle, rising, falling) * ((at >= low) & (at < high)))


@cache
def _network(weights: Path) -> Any:
    try:
        import torch
    except ImportError as error:
        raise EngineUnavailableError(
            "SyncNet wants torch, which is not installed; run: make test once, or "
            "uv pip install -c requirements.lock -e '.[torch]'"
        ) from error
    from benchmarks.quality.syncnet_network import SyncNet

    network = SyncNet()
    try:
        network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    except Exception as error:  # torch raises whatever its readers do
        raise EngineUnavailableError(
            f"{weights} does not hold SyncNet's weights (syncnet_v2.model): {error}"
        ) from error
    return network.eval()
