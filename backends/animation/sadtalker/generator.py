"""The renderer: face-vid2vid's generator with a SPADE decoder, moved by keypoints.

Wang, Mallya, Liu: One-Shot Free-View Neural Talking-Head Synthesis for Video Conferencing, CVPR 2021; Park et al.:
Semantic Image Synthesis with Spatially-Adaptive Normalization, CVPR 2019.

A photo becomes a volume of features once. For every frame, each keypoint proposes to move the whole volume as it
itself moves; a network mixes the proposals into one flow and tells what the photo does not show; the decoder paints
the moved volume.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from backends.animation.sadtalker.blocks import (
    NormedConv,
    Residual,
    SpectralConv2d,
    conv,
    grid,
    norm,
)
from backends.animation.sadtalker.keypoints import KEYPOINTS

DEPTH = 16
_VARIANCE = 0.01
"""Of a keypoint's spot of heat, in squared halves of the picture."""
_LEAST = 1e-3
"""Shares of a proposal below are none."""
SLOPE = 0.2


class Source(NamedTuple):
    """What the renderer keeps of a photo."""

    volume: Tensor
    """(n, c, 16, h / 4, w / 4)"""
    compressed: Tensor
    """(n, 4, 16, h / 4, w / 4) of it, for the flow."""


class Generator(nn.Module):
    def __init__(self, width: int = 64) -> None:
        super().__init__()
        w = width
        self.dense_motion_network = DenseMotion(w // 2)
        self.first = NormedConv(2, 3, w)
        self.down_blocks = nn.ModuleList(
            [NormedConv(2, w, 2 * w, step=-1), NormedConv(2, 2 * w, 4 * w, step=-1)]
        )
        self.second = nn.Conv2d(4 * w, 8 * w, 1)
        self.resblocks_3d = nn.Sequential()
        for k in range(6):
            self.resblocks_3d.add_module(f"3dr{k}", Residual(3, w // 2))
        self.third = NormedConv(2, 8 * w, 4 * w, slope=0.01)
        self.fourth = nn.Conv2d(4 * w, 4 * w, 1)
        self.decoder = Decoder(w)

    def source(self, image: Tensor) -> Source:
        """Of photos, (n, 3, h, w) in 0..1."""
        x = self.first(image)
        for block in self.down_blocks:
            x = block(x)
        volume = self.resblocks_3d(self.second(x).unflatten(1, (-1, DEPTH)))
        return Source(volume, self.dense_motion_network.compressed(volume))

    def forward(self, source: Source, driving: Tensor, still: Tensor) -> Tensor:
        """(n, 3, h, w) in 0..1 of n sources whose keypoints `still`, (1, 15, 3), are at `driving`, (n, 15, 3)."""
        flow, shown = self.dense_motion_network(source.compressed, driving, still)
        moved = F.grid_sample(source.volume, flow, align_corners=False)
        painted = self.fourth(self.third(moved.flatten(1, 2)))
        return self.decoder(painted * shown)  # type: ignore[no-any-return]


class DenseMotion(nn.Module):
    """Mixes what the keypoints propose into one flow."""

    def __init__(self, width: int) -> None:
        super().__init__()
        compressed = max(1, width // 8)
        self.hourglass = _Hourglass((KEYPOINTS + 1) * (compressed + 1), width)
        channels = self.hourglass.outputs
        self.mask = conv(3, channels, KEYPOINTS + 1, 7)
        self.compress = nn.Conv3d(width, compressed, 1)
        self.norm = norm(3, compressed)
        self.occlusion = nn.Conv2d(channels * DEPTH, 1, 7, padding=3)

    def compressed(self, volume: Tensor) -> Tensor:
        return F.relu_(self.norm(self.compress(volume)))

    def forward(self, compressed: Tensor, driving: Tensor, still: Tensor) -> tuple[Tensor, Tensor]:
        """(n, 16, h, w, 3) where each voxel comes from, and (n, 1, h, w) how much of it the photo shows."""
        seen, proposals = self._proposed(compressed, driving, still)
        heat = self.hourglass(seen)
        share = F.softmax(self.mask(heat), dim=1)
        share = torch.where(share < _LEAST, 0.0, share)
        flow = torch.einsum("nkdhw,nkdhwc->ndhwc", share, proposals)
        return flow, torch.sigmoid(self.occlusion(heat.flatten(1, 2)))

    def _proposed(
        self, compressed: Tensor, driving: Tensor, still: Tensor
    ) -> tuple[Tensor, Tensor]:
        """(n, 80, 16, h, w) heat of each keypoint and the volume as it would move it, and (n, 16, 16, h, w, 3) whence.

        The first proposal is to move nothing.
        """
        frames, places = len(driving), grid(compressed.shape[2:], compressed)
        shift = (still - driving)[:, :, None, None, None]
        whence = torch.cat([places.expand(frames, 1, -1, -1, -1, -1), places + shift], dim=1)
        volume = compressed.repeat_interleave(KEYPOINTS + 1, dim=0)
        moved = F.grid_sample(volume, whence.flatten(0, 1), align_corners=False)
        heat = _heat(driving, places) - _heat(still, places)
        heat = F.pad(heat, (0, 0, 0, 0, 0, 0, 1, 0))
        seen = torch.cat([heat[:, :, None], moved.view(frames, -1, *moved.shape[1:])], dim=2)
        return seen.flatten(1, 2), whence


def _heat(keypoints: Tensor, places: Tensor) -> Tensor:
    """(n, 15, d, h, w) bell around each keypoint: the product of its bells along x, y and z."""
    x, y, z = (
        torch.exp((line - keypoints[..., axis, None]) ** 2 / (-2 * _VARIANCE))
        for axis, line in enumerate((places[0, 0, :, 0], places[0, :, 0, 1], places[:, 0, 0, 2]))
    )
    return z[..., :, None, None] * y[..., None, :, None] * x[..., None, None, :]


class _Hourglass(nn.Module):
    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.encoder = _Down(inputs, width)
        self.decoder = _Up(inputs, width)
        self.outputs = inputs + width

    def forward(self, x: Tensor) -> Tensor:
        # Small kernels are quicker with channels last, the large one behind them is not.
        inside = self.encoder(x.contiguous(memory_format=torch.channels_last_3d))
        return self.decoder(inside).contiguous()  # type: ignore[no-any-return]


class _Down(nn.Module):
    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        sizes = [inputs, *(width << k for k in range(1, 6))]
        self.down_blocks = nn.ModuleList(NormedConv(3, a, b, step=-1) for a, b in pairwise(sizes))

    def forward(self, x: Tensor) -> list[Tensor]:
        levels = [x]
        for block in self.down_blocks:
            levels.append(block(levels[-1]))
        return levels


class _Up(nn.Module):
    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.up_blocks = nn.ModuleList(
            NormedConv(3, (width << k) * (1 if k == 5 else 2), width << (k - 1), step=1)
            for k in range(5, 0, -1)
        )
        self.conv, self.norm = conv(3, inputs + width, inputs + width), norm(3, inputs + width)

    def forward(self, levels: list[Tensor]) -> Tensor:
        x = levels[-1]
        for block, level in zip(self.up_blocks, levels[-2::-1], strict=True):
            x = torch.cat([block(x), level], dim=1)
        return F.relu_(self.norm(self.conv(x)))


class Decoder(nn.Module):
    """Paints (n, 4 w, h / 4, w / 4) features, which also say how every layer is to be normalised."""

    def __init__(self, width: int) -> None:
        super().__init__()
        label, inner = 4 * width, 8 * width
        self.fc = conv(2, label, inner)
        for k in range(6):
            self.add_module(f"G_middle_{k}", SpadeBlock(inner, inner, label))
        self.up_0 = SpadeBlock(inner, label, label)
        self.up_1 = SpadeBlock(label, width, label)
        self.conv_img = conv(2, width, 3)

    def middle(self) -> list[SpadeBlock]:
        return [cast(SpadeBlock, self.get_submodule(f"G_middle_{k}")) for k in range(6)]

    def forward(self, label: Tensor) -> Tensor:
        x = self.fc(label)
        for block in self.middle():
            x = block(x, label)
        for block in (self.up_0, self.up_1):
            x = block(F.interpolate(x, scale_factor=2.0, mode="nearest"), label)
        return torch.sigmoid(self.conv_img(F.leaky_relu(x, SLOPE)))


class SpadeBlock(nn.Module):
    def __init__(self, inputs: int, outputs: int, label: int) -> None:
        super().__init__()
        inner = min(inputs, outputs)
        self.conv_0, self.conv_1 = (
            SpectralConv2d(inputs, inner, 3),
            SpectralConv2d(inner, outputs, 3),
        )
        self.norm_0, self.norm_1 = Spade(inputs, label), Spade(inner, label)
        self.changes = inputs != outputs
        if self.changes:
            self.conv_s = SpectralConv2d(inputs, outputs, 1, bias=False)
            self.norm_s = Spade(inputs, label)

    def forward(self, x: Tensor, label: Tensor) -> Tensor:
        y = self.conv_0(F.leaky_relu_(self.norm_0(x, label), SLOPE))
        y = self.conv_1(F.leaky_relu_(self.norm_1(y, label), SLOPE))
        return y + (self.conv_s(self.norm_s(x, label)) if self.changes else x)  # type: ignore[no-any-return]


class Spade(nn.Module):
    """Every channel to mean 0 and variance 1, then scaled and shifted at each pixel as the label says."""

    def __init__(self, channels: int, label: int) -> None:
        super().__init__()
        hidden = label // 2
        self.mlp_shared = nn.Sequential(conv(2, label, hidden), nn.ReLU())
        self.mlp_gamma, self.mlp_beta = conv(2, hidden, channels), conv(2, hidden, channels)

    @property
    def first(self) -> nn.Conv2d:
        return cast(nn.Conv2d, self.mlp_shared[0])

    def forward(self, x: Tensor, label: Tensor) -> Tensor:
        hidden = self.mlp_shared(F.interpolate(label, size=x.shape[2:], mode="nearest"))
        even = F.instance_norm(x)
        return torch.addcmul(self.mlp_beta(hidden), even, 1 + self.mlp_gamma(hidden))
