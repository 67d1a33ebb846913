"""Which invisible watermarks outlive what happens to a clip on its way: of libraries whose weights come with them.

    pip install invisible-watermark blind-watermark resemble-perth torchaudio PyWavelets
    python -m benchmarks.watermark [--clip FILE]

Measures those that are installed, on a clip of ours (`--clip`: on another); writes results/watermark.json: the share
of 32 bits that a video's watermark keeps, by the majority of its frames, and how certain an audio's detector is. An
unmarked clip gives a half of the bits, and a detector's zero.
"""

import argparse
import asyncio
import io
import math
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from backends.errors import EngineUnavailableError
from backends.speech.torch_models import library
from backends.types import FloatArray, ImageArray
from benchmarks.machine import keep, stamp

TEXT = "Hello everyone. This clip carries a mark that nobody sees, and nobody hears. Who finds it?"
BITS = np.unpackbits(np.frombuffer(b"psp1", np.uint8))
_SIZE, _FPS, _HZ = 512, 25, 48_000
_FRAMES, _LOOKED_AT = 12, 3
"""From the middle of the clip, and of those each third."""


class Pictures(NamedTuple):
    """A watermark of pictures: (h, w, 3) RGB."""

    mark: Callable[[ImageArray], ImageArray]
    found: Callable[[ImageArray], NDArray[Any]]
    """32 bits, as they are read."""


class Sounds(NamedTuple):
    """A watermark of sound: (n,) at 48 kHz."""

    mark: Callable[[FloatArray], FloatArray]
    found: Callable[[FloatArray], float]
    """How certainly it is there, 0..1."""


def videos() -> Iterator[tuple[str, Pictures]]:
    """Those that are installed."""
    with suppress(ImportError):
        from imwatermark import WatermarkDecoder, WatermarkEncoder

        for method in ("dwtDct", "dwtDctSvd", "rivaGan"):
            encoder, decoder = WatermarkEncoder(), WatermarkDecoder("bits", 32)
            encoder.set_watermark("bits", BITS.tolist())
            if method == "rivaGan":
                encoder.loadModel()
            yield f"invisible-watermark {method}", _invisible(encoder, decoder, method)
    with suppress(ImportError):
        from blind_watermark.bwm_core import WaterMarkCore

        core = WaterMarkCore(password_img=1)
        core.wm_size = len(BITS)
        yield "blind-watermark", _blind(core)


def _invisible(encoder: Any, decoder: Any, method: str) -> Pictures:
    def mark(rgb: ImageArray) -> ImageArray:
        return np.asarray(encoder.encode(rgb[..., ::-1], method)[..., ::-1], np.uint8)

    def found(rgb: ImageArray) -> NDArray[Any]:
        return np.asarray(decoder.decode(rgb[..., ::-1], method))

    return Pictures(mark, found)


def _blind(core: Any) -> Pictures:
    def mark(rgb: ImageArray) -> ImageArray:
        core.read_img_arr(rgb[..., ::-1])
        core.read_wm(BITS.astype(bool))
        return np.asarray(core.embed()).clip(0, 255).astype(np.uint8)[..., ::-1]

    def found(rgb: ImageArray) -> NDArray[Any]:
        return np.asarray(core.extract_with_kmeans(rgb[..., ::-1], wm_shape=BITS.shape))

    return Pictures(mark, found)


def audios() -> Iterator[tuple[str, Sounds]]:
    """Those that are installed."""
    with suppress(EngineUnavailableError):
        module = library("perth.perth_net.perth_net_implicit.perth_watermarker", "xtts")
        perth = module.PerthImplicitWatermarker()
        yield (
            "resemble-perth",
            Sounds(
                lambda sound: np.asarray(perth.apply_watermark(sound, _HZ), np.float32),
                lambda sound: float(perth.get_watermark(sound, _HZ, round=False).mean()),
            ),
        )


def bits_kept(pictures: Pictures, frames: list[ImageArray]) -> float:
    """Of 32, by the majority of the frames; a frame that is refused has none."""
    votes = np.zeros(len(BITS))
    for frame in frames[::_LOOKED_AT]:
        with suppress(Exception):
            votes += pictures.found(np.ascontiguousarray(frame)).astype(int) * 2 - 1
    return round(float(((votes > 0) == BITS).mean()), 3)


def encoded(frames: list[ImageArray], crf: int) -> list[ImageArray]:
    """As H.264 keeps them."""
    file = io.BytesIO()
    with av.open(file, "w", "mp4") as container:
        height, width = frames[0].shape[:2]
        stream = container.add_stream("libx264", _FPS, {"crf": str(crf), "preset": "medium"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, "rgb24")))
        container.mux(stream.encode())
    return decoded(file)


def decoded(file: io.BytesIO | Path) -> list[ImageArray]:
    if isinstance(file, io.BytesIO):
        file.seek(0)
    with av.open(file, "r") as container:
        frames = container.decode(video=0)
        return [np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in frames]


def scaled(frame: ImageArray, width: int, height: int) -> ImageArray:
    image = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), "rgb24")
    found = image.reformat(width, height, interpolation="BICUBIC")
    return np.asarray(found.to_ndarray(), np.uint8)


def cropped(frame: ImageArray, share: float = 0.1) -> ImageArray:
    """Without a tenth of its width and height, half of it at each side."""
    height, width = frame.shape[:2]
    top, left = round(height * share / 4) * 2, round(width * share / 4) * 2
    return frame[top : height - top, left : width - left]


def through(codec: str, kbps: int, sound: FloatArray) -> FloatArray:
    """As a codec keeps it."""
    file = io.BytesIO()
    with av.open(file, "w", "mp3" if codec == "mp3" else "mp4") as container:
        stream: Any = container.add_stream(codec, _HZ, layout="mono")
        stream.bit_rate = kbps * 1000
        size = 1024
        for start in range(0, len(sound), size):
            piece = np.ascontiguousarray(sound[None, start : start + size], np.float32)
            frame = av.AudioFrame.from_ndarray(piece, "fltp", "mono")
            frame.sample_rate, frame.pts, frame.time_base = _HZ, start, Fraction(1, _HZ)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return heard(file)


def heard(file: io.BytesIO | Path) -> FloatArray:
    if isinstance(file, io.BytesIO):
        file.seek(0)
    resampler = av.AudioResampler("flt", "mono", _HZ)
    with av.open(file, "r") as container:
        frames = [f for frame in container.decode(audio=0) for f in resampler.resample(frame)]
    return np.concatenate([np.asarray(f.to_ndarray()[0], np.float32) for f in frames])


def of_video(pictures: Pictures, clip: list[ImageArray]) -> dict[str, Any]:
    began = time.process_time()
    marked = [pictures.mark(np.ascontiguousarray(frame)) for frame in clip]
    mark_s = (time.process_time() - began) / len(clip)
    height, width = clip[0].shape[:2]
    half = encoded([scaled(f, width // 2, height // 2) for f in marked], 20)
    return {
        "mark_ms_a_frame": round(mark_s * 1000, 1),
        "psnr_db": round(_psnr(marked, clip), 1),
        "bits_kept": {
            "unmarked": bits_kept(pictures, clip),
            "as_marked": bits_kept(pictures, marked),
            "crf_20": bits_kept(pictures, encoded(marked, 20)),
            "crf_28": bits_kept(pictures, encoded(marked, 28)),
            "half": bits_kept(pictures, half),
            "half_scaled_back": bits_kept(pictures, [scaled(f, width, height) for f in half]),
            "cropped": bits_kept(pictures, encoded([cropped(f) for f in marked], 20)),
        },
    }


def _psnr(ones: list[ImageArray], others: list[ImageArray]) -> float:
    pairs = zip(ones, others, strict=True)
    error = np.mean([np.square(a.astype(np.float32) - b).mean() for a, b in pairs])
    return 10 * math.log10(255**2 / max(float(error), 1e-9))


def of_audio(sounds: Sounds, clip: FloatArray) -> dict[str, Any]:
    began = time.process_time()
    marked = sounds.mark(clip)
    mark_s = (time.process_time() - began) / (len(clip) / _HZ)
    length = min(len(marked), len(clip))
    noise = np.square(marked[:length] - clip[:length]).mean()
    ways: Mapping[str, FloatArray] = {
        "unmarked": clip,
        "unmarked_mp3_64": through("mp3", 64, clip),
        "as_marked": marked,
        "aac_160": through("aac", 160, marked),
        "aac_160_twice": through("aac", 160, through("aac", 160, marked)),
        "aac_48": through("aac", 48, marked),
        "mp3_64": through("mp3", 64, marked),
        "mp3_32": through("mp3", 32, marked),
        "one_second_cut_out": marked[_HZ : 2 * _HZ],
        "half_as_loud": np.asarray(marked / 2, np.float32),
        "noise_30_db": np.asarray(marked + _noise(marked, 30.0), np.float32),
    }
    return {
        "mark_s_a_second": round(mark_s, 4),
        "snr_db": round(float(10 * np.log10(np.square(clip).mean() / noise)), 1),
        "certainty": {name: round(sounds.found(sound), 3) for name, sound in ways.items()},
    }


def _noise(sound: FloatArray, below_db: float) -> FloatArray:
    level = np.sqrt(np.square(sound).mean()) * 10 ** (-below_db / 20)
    noise = np.random.default_rng(0).standard_normal(len(sound), np.float32)
    return np.asarray(noise * level, np.float32)


async def make(file: Path) -> None:
    from serve_app.config import read_tier
    from serve_app.local import studio
    from serve_app.schemas import VideoRequest

    with studio(read_tier("lightweight")) as here:
        request = VideoRequest(text=TEXT, size=_SIZE, fps=_FPS, portrait="preset:astronaut")
        await here.make(request, file, lambda stage, done: None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--clip", type=Path)
    wanted = parser.parse_args()
    head = stamp()
    with tempfile.TemporaryDirectory(prefix="watermark-") as folder:
        file = wanted.clip or Path(folder, "clip.mp4")
        if wanted.clip is None:
            asyncio.run(make(file))
        whole, sound = decoded(file), heard(file)
    middle = (len(whole) - _FRAMES) // 2
    frames = whole[middle : middle + _FRAMES]
    found: dict[str, Any] = {name: of_video(each, frames) for name, each in videos()}
    found |= {name: of_audio(each, sound) for name, each in audios()}
    told = {**head, "frames": len(frames), "seconds": round(len(sound) / _HZ, 2), "found": found}
    keep("watermark", told)
    Console().print_json(data=told)


if __name__ == "__main__":
    main()
