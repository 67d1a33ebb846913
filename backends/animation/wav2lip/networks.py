"""The generator in PyTorch, its modules named as published checkpoints name them."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from backends.animation.wav2lip.architecture import Architecture, Layer, Stage
from backends.animation.wav2lip.folding import Folded


class Block(nn.Module):
    """Convolution, batch normalisation, the input again where the layer is residual, rectifier."""

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        kernel, stride, padding = layer.kernel, layer.stride, layer.padding
        convolution: nn.Module = (
            nn.ConvTranspose2d(
                layer.inputs, layer.outputs, kernel, stride, padding, layer.output_padding
            )
            if layer.up
            else nn.Conv2d(layer.inputs, layer.outputs, kernel, stride, padding)
        )
        self.conv_block = nn.Sequential(convolution, nn.BatchNorm2d(layer.outputs))
        self.residual = layer.residual

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv_block(x)
        return torch.relu(y + x if self.residual else y)


class Generator(nn.Module):
    """A lip-synced face from a face and its sound."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.face_encoder_blocks = nn.ModuleList(_stage(s) for s in architecture.face)
        self.audio_encoder = _stage(architecture.sound)
        self.face_decoder_blocks = nn.ModuleList(_stage(s) for s in architecture.decoder)
        self.output_block = nn.Sequential(
            Block(architecture.last), nn.Conv2d(architecture.last.outputs, 3, 1), nn.Sigmoid()
        )

    def forward(self, mel: Tensor, faces: Tensor, rows: tuple[int, ...] = ()) -> Tensor:
        """Draws frames.

        Args:
            mel: (n, 1, 80, 16) as `mel.windows` gives it.
            faces: (n, 6, size, size) in 0..1: the face with its lower half zero, and the whole face; BGR both.
            rows: `architecture.cuts`; nothing is left out without.

        Returns:
            (n, 3, size - rows[-1], size) BGR in 0..1.
        """
        return self.draw(mel, self.see(faces), rows)

    def see(self, faces: Tensor) -> tuple[Tensor, ...]:
        """What each stage of the face encoder gives, the largest first."""
        seen = []
        for stage in self.face_encoder_blocks:
            faces = stage(faces)
            seen.append(faces)
        return tuple(seen)

    def draw(self, mel: Tensor, seen: tuple[Tensor, ...], rows: tuple[int, ...] = ()) -> Tensor:
        """Frames of a sound and of what was seen."""
        x: Tensor = self.audio_encoder(mel)
        rows = rows or (0,) * (len(self.face_decoder_blocks) + 1)
        begun = 0
        for stage, first, beside in zip(
            self.face_decoder_blocks, rows, reversed(seen), strict=False
        ):
            x = stage(x[:, :, first - begun :])
            begun = beside.shape[2] - x.shape[2]
            x = torch.cat((x, beside[:, :, begun:]), dim=1)
        drawn: Tensor = self.output_block(x)
        return drawn


def _stage(layers: Stage) -> nn.Sequential:
    return nn.Sequential(*map(Block, layers))


def folded_generator(architecture: Architecture, folded: Mapping[str, Folded]) -> Generator:
    """The network of folded convolutions, which has neither normalisations nor gradients."""
    with torch.device("meta"):
        network = Generator(architecture).eval()
    for layer in architecture.layers():
        block = network.get_submodule(layer.key)
        convolution = block.get_submodule("conv_block.0")
        _fill(convolution, folded[layer.key])
        block.conv_block = convolution
    _fill(network.get_submodule(architecture.head), folded[architecture.head])
    return network


def _fill(convolution: nn.Module, numbers: Folded) -> None:
    convolution.weight = nn.Parameter(torch.from_numpy(numbers.weight), requires_grad=False)
    convolution.bias = nn.Parameter(torch.from_numpy(numbers.bias), requires_grad=False)
