"""Wav2Lip's generator as data: its layers, what they are called in published checkpoints, and their shapes.

Prajwal, Mukhopadhyay, Namboodiri, Jawahar: A Lip Sync Expert Is All You Need for Speech to Lip Generation In The Wild,
ACM Multimedia 2020. An encoder takes the face, its lower half hidden beside a whole reference, down to one pixel;
another takes 0.2 s of sound to one vector; a decoder takes that up again and is joined, before each step, by what the
face encoder had at that size. The variant for 256 pixels has one stage more on both ways.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Size = Literal[96, 256]
Shapes = dict[str, tuple[int, ...]]

SIZES: tuple[Size, ...] = (96, 256)
"""Pixels of the face's sides."""
MELS, STEPS = 80, 16
"""Bands and columns of the sound that one frame sees."""
WIDTH = 16
"""Channels of the published networks' first layer; all others are multiples of it."""
EPSILON = 1e-5
"""Of the batch normalisations."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A convolution with batch normalisation and a rectifier."""

    key: str
    """Prefix of its entries in a checkpoint."""
    inputs: int
    outputs: int
    kernel: int
    stride: tuple[int, int] = (1, 1)
    padding: int = 0
    residual: bool = False
    """Its input is added before the rectifier."""
    up: bool = False
    """Transposed: twice as large at stride 2."""

    @property
    def weight_shape(self) -> tuple[int, int, int, int]:
        channels = (self.inputs, self.outputs) if self.up else (self.outputs, self.inputs)
        return (*channels, self.kernel, self.kernel)

    @property
    def output_padding(self) -> int:
        return 1 if self.up and self.stride == (2, 2) else 0


Stage = tuple[Layer, ...]


@dataclass(frozen=True, slots=True)
class Architecture:
    """The generator of one size and width."""

    size: Size
    width: int
    """Channels of the first layer."""
    face: tuple[Stage, ...]
    sound: Stage
    decoder: tuple[Stage, ...]
    """One stage for each of the face encoder's, the smallest first."""
    last: Layer
    head: str
    """Prefix of the 1 x 1 convolution to RGB behind `last`, which has neither normalisation nor rectifier."""

    def layers(self) -> Iterator[Layer]:
        for stage in (*self.face, self.sound, *self.decoder):
            yield from stage
        yield self.last

    def shapes(self) -> Shapes:
        """Every entry of a checkpoint with its shape, in the order of the published ones."""
        found: Shapes = {}
        for layer in (*_flat(self.face), *self.sound, *_flat(self.decoder), self.last):
            convolution, norm = f"{layer.key}.conv_block.0", f"{layer.key}.conv_block.1"
            found[f"{convolution}.weight"] = layer.weight_shape
            found[f"{convolution}.bias"] = (layer.outputs,)
            for name in ("weight", "bias", "running_mean", "running_var"):
                found[f"{norm}.{name}"] = (layer.outputs,)
            found[f"{norm}.num_batches_tracked"] = ()
        found[f"{self.head}.weight"] = (3, self.last.outputs, 1, 1)
        found[f"{self.head}.bias"] = (3,)
        return found


def cuts(plan: Architecture, first_row: int) -> tuple[int, ...]:
    """Rows of the picture that need not be drawn, as the first row that each decoder stage takes in, of its input.

    What is above `first_row` is not wanted; every 3 x 3 convolution behind a cut spoils one row below it, and a step of
    two rows at stride 2 comes of one. The last number is the first row that is drawn.
    """
    found = [max(0, first_row - 1)]
    for stage in reversed(plan.decoder[2:]):
        found.append(max(0, found[-1] - len(stage) + 1) // 2)
    # The first two stages begin with one pixel, of which nothing can be left out.
    starts = [0, 0, *reversed(found[1:])]
    return (*starts, 2 * starts[-1])


def architecture(size: Size, width: int = WIDTH) -> Architecture:
    """The published generator of a size, or a narrower one of the same layout."""
    return Architecture(
        size=size,
        width=width,
        face=_face(size, width),
        sound=_sound(width),
        decoder=_decoder(size, width),
        last=Layer("output_block.0", 5 * width, 2 * width, 3, padding=1),
        head="output_block.1",
    )


def _flat(stages: tuple[Stage, ...]) -> Iterator[Layer]:
    return (layer for stage in stages for layer in stage)


def _stage(key: str, first: Layer, residuals: int) -> Stage:
    """A layer and some that keep its size."""
    same = first.outputs
    return (
        first,
        *(
            Layer(f"{key}.{k + 1}", same, same, 3, padding=1, residual=True)
            for k in range(residuals)
        ),
    )


def _face(size: Size, width: int) -> tuple[Stage, ...]:
    # Channels and residual layers of each halving.
    halvings = [(2, 2), (4, 3), (8, 2), (16, 2), (32, 1)]
    if size == 256:
        halvings.append((32, 1))
    stages: list[Stage] = [(Layer("face_encoder_blocks.0.0", 6, width, 7, padding=3),)]
    channels = width
    for index, (share, residuals) in enumerate(halvings, 1):
        key = f"face_encoder_blocks.{index}"
        first = Layer(f"{key}.0", channels, share * width, 3, (2, 2), padding=1)
        stages.append(_stage(key, first, residuals))
        channels = share * width
    key = f"face_encoder_blocks.{len(stages)}"
    stages.append(
        (
            Layer(f"{key}.0", channels, channels, 3 if size == 96 else 4),
            Layer(f"{key}.1", channels, channels, 1),
        )
    )
    return tuple(stages)


def _sound(width: int) -> Stage:
    layers: list[Layer] = []
    channels = 1
    # Channels, stride and residual layers of each step.
    for share, stride, residuals in (
        (2, (1, 1), 2), (4, (3, 1), 2), (8, (3, 3), 2), (16, (3, 2), 1),
    ):  # fmt: skip
        outputs = share * width
        layers.append(
            Layer(f"audio_encoder.{len(layers)}", channels, outputs, 3, stride, padding=1)
        )
        for _ in range(residuals):
            key = f"audio_encoder.{len(layers)}"
            layers.append(Layer(key, outputs, outputs, 3, padding=1, residual=True))
        channels = outputs
    layers.append(Layer(f"audio_encoder.{len(layers)}", channels, 32 * width, 3))
    layers.append(Layer(f"audio_encoder.{len(layers)}", 32 * width, 32 * width, 1))
    return tuple(layers)


def _decoder(size: Size, width: int) -> tuple[Stage, ...]:
    name = "face_decoder_blocks"
    # Channels that come from below, of the face encoder at that size, after the step, and residual layers.
    steps = [(32, 32, 32, 2), (32, 16, 24, 2), (24, 8, 16, 2), (16, 4, 8, 2), (8, 2, 4, 2)]
    if size == 256:
        steps.insert(0, (32, 32, 32, 1))
    stages: list[Stage] = [(Layer(f"{name}.0.0", 32 * width, 32 * width, 1),)]
    opened = Layer(f"{name}.1.0", 64 * width, 32 * width, 3 if size == 96 else 4, up=True)
    stages.append(_stage(f"{name}.1", opened, 1))
    for below, beside, after, residuals in steps:
        key = f"{name}.{len(stages)}"
        inputs = (below + beside) * width
        first = Layer(f"{key}.0", inputs, after * width, 3, (2, 2), padding=1, up=True)
        stages.append(_stage(key, first, residuals))
    return tuple(stages)
