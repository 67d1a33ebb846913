"""Encoding a stretch of frames while it is drawn."""

from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor

from backends.composition.encoders import FrameConverter, VideoWriter, open_writer
from backends.composition.settings import EncoderSettings
from backends.errors import EncodingError
from backends.types import FrameBatch, ImageArray, Segment

_WAITING = 8
"""Converted frames that may wait for the encoder before drawing has to wait."""


def encode_segment(batches: Iterable[FrameBatch], settings: EncoderSettings, start: int) -> Segment:
    """Encodes the batches' frames, consecutive from frame `start`, as one closed group of pictures.

    A frame is converted as soon as it is drawn, so a batch's memory may be used again once the next
    is asked for; the encoder works in a thread beside it. Every segment has an encoder of its own:
    the same frames and settings give the same bytes whoever encodes them.

    Raises:
        EncodingError: the encoder failed, or the frames are not those that the settings announce.
    """
    writer = open_writer(settings)
    convert = FrameConverter(settings)
    frames = 0
    try:
        with ThreadPoolExecutor(1, thread_name_prefix="encode") as worker:
            waiting: deque[Future[None]] = deque()
            try:
                for batch in batches:
                    _check(batch, settings, start + frames)
                    for image in batch.frames:
                        if len(waiting) == _WAITING:
                            waiting.popleft().result()
                        waiting.append(worker.submit(writer.write, convert(image)))
                    frames += len(batch.frames)
                return _finished(writer, waiting, start, frames)
            except BaseException:
                worker.shutdown(cancel_futures=True)
                raise
    finally:
        writer.close()


def _finished(
    writer: VideoWriter, waiting: deque[Future[None]], start: int, frames: int
) -> Segment:
    for future in waiting:
        future.result()
    if not frames:
        raise EncodingError(f"The segment at frame {start} has no frames.")
    return Segment(writer.finish(), start, frames)


def _check(batch: FrameBatch, settings: EncoderSettings, expected: int) -> None:
    frames: ImageArray = batch.frames
    width, height = settings.size
    if batch.start != expected:
        raise EncodingError(
            f"Frame {expected} was expected, a batch that begins at {batch.start} came."
        )
    if frames.shape[1:] != (height, width, 3) or frames.dtype != "uint8":
        raise EncodingError(
            f"Frames of {width}x{height} RGB bytes were expected, an array {frames.shape} "
            f"{frames.dtype} came."
        )
