import io
import subprocess
from collections.abc import Iterator
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np
import pytest

from backends.composition.audio import AudioTrack, Sound
from backends.composition.encoders import probe
from backends.composition.segments import encode_segment
from backends.composition.settings import Codec, EncoderChoice, EncoderSettings, Quality
from backends.types import FloatArray, FrameBatch, ImageArray, Segment, segment_grid


class Film:
    """Clips whose frames carry their index as eight grey bars, dark or light."""

    size = WIDTH, HEIGHT = 128, 64

    def frame(self, index: int) -> ImageArray:
        bars = [200 if index >> bit & 1 else 60 for bit in range(8)]
        row = np.repeat(np.array(bars, np.uint8), self.WIDTH // 8)
        return np.ascontiguousarray(
            np.broadcast_to(row[np.newaxis, :, np.newaxis], (self.HEIGHT, self.WIDTH, 3))
        )

    def batches(self, frames: range, size: int = 7) -> Iterator[FrameBatch]:
        """Frames as an engine gives them: always in the same memory."""
        memory = np.empty((size, self.HEIGHT, self.WIDTH, 3), np.uint8)
        for start in range(frames.start, frames.stop, size):
            count = min(size, frames.stop - start)
            for i in range(count):
                memory[i] = self.frame(start + i)
            yield FrameBatch(memory[:count], start)
            memory[:] = 0

    def settings(
        self,
        codec: Codec = Codec.H264,
        quality: Quality = Quality.GOOD,
        fps: int = 25,
        size: tuple[int, int] = size,
    ) -> EncoderSettings:
        return EncoderSettings(probe(codec, EncoderChoice.X264), quality, fps, size)

    def segments(self, settings: EncoderSettings, total: int) -> list[Segment]:
        return [
            encode_segment(self.batches(r), settings, r.start)
            for r in segment_grid(total, settings.fps)
        ]

    def hum(self, seconds: float, duration_s: float) -> Sound:
        """Sound of some seconds, padded to a video's duration."""
        track = AudioTrack()
        time = np.arange(round(seconds * 22050)) / 22050
        track.push((0.3 * np.sin(2 * np.pi * 220 * time)).astype(np.float32), 22050)
        return track.finish(duration_s)

    def numbers(self, clip: Path | Segment) -> list[int]:
        """The indices that the decoded frames carry."""
        source = str(clip) if isinstance(clip, Path) else io.BytesIO(clip.data)
        with av.open(source) as container:
            return [self._number(f.to_ndarray(format="rgb24")) for f in container.decode(video=0)]

    def _number(self, image: ImageArray) -> int:
        bars = image.reshape(self.HEIGHT, 8, self.WIDTH // 8, 3)[8:-8, :, 4:-4].mean(axis=(0, 2, 3))
        return sum(1 << bit for bit in range(8) if bars[bit] > 130)

    def sound(self, path: Path) -> FloatArray:
        with av.open(str(path)) as container:
            return np.concatenate([f.to_ndarray()[0] for f in container.decode(audio=0)])

    def complaints(self, path: Path) -> str:
        """What another build of FFmpeg says when it decodes the file; nothing, if all is well."""
        command = [
            imageio_ffmpeg.get_ffmpeg_exe(),
            "-v",
            "warning",
            "-i",
            str(path),
            "-f",
            "null",
            "-",
        ]
        return subprocess.run(command, capture_output=True, text=True, check=True).stderr


@pytest.fixture(scope="session")
def film() -> Film:
    return Film()
