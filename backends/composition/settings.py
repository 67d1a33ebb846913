"""What a clip is encoded with: codecs, encoders, qualities, and the options that they stand for.

Everything that could make two encodings of the same frames differ is held fixed: one thread per
encoder (parallelism comes from segments), no scene-cut decisions, canonical arithmetic where the
encoder offers it. With the software encoders the bytes depend on the frames and the settings alone.
"""

from dataclasses import dataclass
from enum import StrEnum

from backends.errors import UnsupportedEncoderError


class Codec(StrEnum):
    H264 = "h264"
    H265 = "h265"


class EncoderChoice(StrEnum):
    """What a user asks for; "x264" is the codec's software encoder (x265 for H.265)."""

    AUTO = "auto"
    X264 = "x264"
    NVENC = "nvenc"
    QSV = "qsv"
    VAAPI = "vaapi"


class Quality(StrEnum):
    DRAFT = "draft"
    GOOD = "good"
    BEST = "best"


@dataclass(frozen=True, slots=True)
class Encoder:
    """One encoder of one codec."""

    codec: Codec
    kind: EncoderChoice
    name: str
    """FFmpeg's name of it."""
    pixels: str = "yuv420p"
    """Layout of the 4:2:0 frames that it takes."""
    program: bool = False
    """Runs in the ffmpeg program instead of this process."""

    @property
    def hardware(self) -> bool:
        return self.kind is not EncoderChoice.X264


ENCODERS: tuple[Encoder, ...] = (
    Encoder(Codec.H264, EncoderChoice.NVENC, "h264_nvenc"),
    Encoder(Codec.H264, EncoderChoice.QSV, "h264_qsv", pixels="nv12"),
    Encoder(Codec.H264, EncoderChoice.VAAPI, "h264_vaapi", pixels="nv12", program=True),
    Encoder(Codec.H264, EncoderChoice.X264, "libx264"),
    Encoder(Codec.H265, EncoderChoice.NVENC, "hevc_nvenc"),
    Encoder(Codec.H265, EncoderChoice.QSV, "hevc_qsv", pixels="nv12"),
    Encoder(Codec.H265, EncoderChoice.VAAPI, "hevc_vaapi", pixels="nv12", program=True),
    Encoder(Codec.H265, EncoderChoice.X264, "libx265"),
)
"""In the order in which "auto" tries them."""


@dataclass(frozen=True, slots=True)
class EncoderSettings:
    """What all segments of a clip share, so that their packets fit into one track.

    Raises:
        UnsupportedEncoderError: a size that 4:2:0 video cannot have, or a rate outside 1..120.
    """

    encoder: Encoder
    quality: Quality
    fps: int
    """Frames a second, constant."""
    size: tuple[int, int]
    """Width and height in pixels, both even."""

    def __post_init__(self) -> None:
        width, height = self.size
        if width % 2 or height % 2 or min(self.size) < 16 or max(self.size) > 8192:
            raise UnsupportedEncoderError(
                f"Video of {width}x{height} pixels cannot be encoded: both sides must be even and "
                "in 16..8192."
            )
        if not 1 <= self.fps <= 120:
            raise UnsupportedEncoderError(
                f"{self.fps} frames a second cannot be encoded: use 1..120."
            )

    @property
    def codec(self) -> Codec:
        return self.encoder.codec


REORDERED_FRAMES = 2
"""Frames that decoding runs ahead of showing: the depth of x264's and x265's B-frame pyramid.
Hardware encoders reorder none."""

# Preset and constant rate factor by speed and size on a moving portrait: at "good" x264 takes about
# 3 ms for 512x512 on one core. The hardware encoders' numbers are the nearest on their own scales.
# A short look ahead halves the size that superfast has without it (still backgrounds are kept) and
# makes it as small as veryfast at the same PSNR in 70 % of the time.
_QUICK = ":mbtree=1:rc-lookahead=10:b-adapt=0:weightp=0"
_X264 = {
    Quality.DRAFT: ("superfast", 27, _QUICK),
    Quality.GOOD: ("superfast", 19, _QUICK),
    Quality.BEST: ("medium", 16, ""),
}
_X265 = {
    Quality.DRAFT: ("ultrafast", 27),
    Quality.GOOD: ("superfast", 22),
    Quality.BEST: ("fast", 19),
}
_NVENC = {Quality.DRAFT: ("p2", 30), Quality.GOOD: ("p4", 23), Quality.BEST: ("p6", 19)}
_QSV = {Quality.DRAFT: ("veryfast", 30), Quality.GOOD: ("medium", 23), Quality.BEST: ("slow", 19)}
_VAAPI = {Quality.DRAFT: 30, Quality.GOOD: 23, Quality.BEST: 19}

_X264_PARAMS = (
    "keyint=infinite:scenecut=0:open-gop=0:cpu-independent=1"
    ":threads=1:lookahead-threads=1:sync-lookahead=0"
)
# info=0: x265 would write the machine's instruction sets into the stream.
_X265_PARAMS = (
    "log-level=none:info=0:keyint=-1:scenecut=0:open-gop=0:pools=none:frame-threads=1:wpp=0"
)
_ONE_GROUP = {"g": "100000", "bf": "0"}


def encoder_options(encoder: Encoder, quality: Quality) -> dict[str, str]:
    """The encoder's own options, as FFmpeg names them."""
    match encoder.kind:
        case EncoderChoice.NVENC:
            preset, level = _NVENC[quality]
            constant = {"rc": "vbr", "cq": str(level), "b": "0", "no-scenecut": "1"}
            return {"preset": preset} | constant | _ONE_GROUP
        case EncoderChoice.QSV:
            preset, level = _QSV[quality]
            return {"preset": preset, "global_quality": str(level)} | _ONE_GROUP
        case EncoderChoice.VAAPI:
            return {"rc_mode": "CQP", "qp": str(_VAAPI[quality])} | _ONE_GROUP
    if encoder.codec is Codec.H264:
        preset, level, more = _X264[quality]
        return {"preset": preset, "crf": str(level), "x264-params": _X264_PARAMS + more}
    preset, level = _X265[quality]
    return {"preset": preset, "crf": str(level), "x265-params": _X265_PARAMS}
