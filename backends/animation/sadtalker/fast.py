"""The renderer rearranged for CPUs: the same function of the same numbers, in fewer operations.

- Batch norms and spectral norms are folded into their convolutions.
- SPADE's labels are always the same features, enlarged by repeating pixels: what its layers make of them is computed
  for many layers at once, before the enlargement, with a kernel for each position in an enlarged pixel.
- The shift that SPADE adds before a 1 x 1 convolution goes through that in advance.
- Wide 3 x 3 convolutions take Winograd's way (Lavin and Gray 2016, F(4 x 4, 3 x 3)): a quarter of the products.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from backends.animation.sadtalker.blocks import NormedConv
from backends.animation.sadtalker.generator import SLOPE, Decoder, Generator, Spade, SpadeBlock

_WIDE = 128
"""Channels in and out from which Winograd's way is the shorter one."""
_TILES = 256
"""Tiles of 4 x 4 pixels that are worked on at a time: what they take stays in the cache."""
_POINTS = (
    (4, 0, -5, 0, 1, 0), (0, -4, -4, 1, 1, 0), (0, 4, -4, -1, 1, 0),
    (0, -2, -1, 2, 1, 0), (0, 2, -1, -2, 1, 0), (0, 4, 0, -5, 0, 1),
)  # fmt: skip
_KERNEL = (
    (1 / 4, 0, 0), (-1 / 6, -1 / 6, -1 / 6), (-1 / 6, 1 / 6, -1 / 6),
    (1 / 24, 1 / 12, 1 / 6), (1 / 24, -1 / 12, 1 / 6), (0, 0, 1),
)  # fmt: skip
_BACK = ((1, 1, 1, 1, 1, 0), (0, 1, -1, 2, -2, 0), (0, 1, 1, 4, 4, 0), (0, 1, -1, 8, -8, 1))
"""Equations of F(4, 3): of the input, the kernel and the output."""


def accelerate(generator: Generator) -> None:
    """Rearranges it in place; it can only draw from then on."""
    for module in generator.modules():
        if isinstance(module, NormedConv):
            _fold(module)
    generator.decoder = FastDecoder(generator.decoder)  # type: ignore[assignment]


def _still(value: Tensor) -> nn.Parameter:
    return nn.Parameter(value, requires_grad=False)


def _fold(module: NormedConv) -> None:
    """Takes the batch norm into the convolution before it."""
    norm, conv = module.norm, module.conv
    assert isinstance(norm, nn.BatchNorm2d | nn.BatchNorm3d) and conv.bias is not None
    assert norm.running_mean is not None and norm.running_var is not None
    gain = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
    conv.weight = _still(conv.weight * gain.view(-1, *[1] * (conv.weight.ndim - 1)))
    conv.bias = _still((conv.bias - norm.running_mean) * gain + norm.bias)
    module.norm = nn.Identity()  # type: ignore[assignment]


class Conv3x3:
    """A 3 x 3 convolution that keeps the size."""

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        self._weight, self._bias = weight.contiguous(), bias
        self._points: Tensor | None = None
        if min(weight.shape[:2]) >= _WIDE:
            kernel = torch.tensor(_KERNEL)
            points = torch.einsum("ia,jb,kcab->ijkc", kernel, kernel, weight)
            self._points = points.reshape(36, *weight.shape[:2]).contiguous()

    def __call__(self, x: Tensor) -> Tensor:
        """(n, c, h, w) to (n, k, h, w)."""
        if self._points is None or x.shape[2] % 4 or x.shape[3] % 4:
            return F.conv2d(x, self._weight, self._bias, padding=1)
        return torch.stack([self._tiled(image) for image in x])

    def _tiled(self, image: Tensor) -> Tensor:
        assert self._points is not None
        into, back = _transforms()
        channels, height, width = image.shape
        down, across, outputs = height // 4, width // 4, len(self._bias)
        padded = F.pad(image, (1, 1, 1, 1))
        plane, row, _ = padded.stride()
        drawn = image.new_empty(outputs, down, 4, across, 4)
        step = max(1, _TILES // across)
        bias = self._bias.view(-1, 1, 1, 1, 1)
        for top in range(0, down, step):
            rows = min(step, down - top)
            tiles = padded.as_strided(
                (6, 6, channels, rows, across), (row, 1, plane, 4 * row, 4), 4 * top * row
            )
            seen = (into @ tiles.reshape(36, -1)).view(36, channels, rows * across)
            made = torch.bmm(self._points, seen).view(36, -1)
            pixels = (back @ made).view(4, 4, outputs, rows, across).permute(2, 3, 0, 4, 1)
            torch.add(pixels, bias, out=drawn[:, top : top + rows])
        return drawn.view(outputs, height, width)


@cache
def _transforms() -> tuple[Tensor, Tensor]:
    """(36, 36) of tiles and (16, 36) back, both directions at once."""
    points, back = (
        torch.tensor(_POINTS, dtype=torch.float32),
        torch.tensor(_BACK, dtype=torch.float32),
    )
    return torch.kron(points, points), torch.kron(back, back)


class FastDecoder(nn.Module):
    """`Decoder` for drawing on a CPU."""

    def __init__(self, decoder: Decoder) -> None:
        super().__init__()
        middle = decoder.middle()
        self._fc = Conv3x3(decoder.fc.weight, decoder.fc.bias)  # type: ignore[arg-type]
        self._middle = [_Block(block) for block in middle]
        self._ups = [_Block(decoder.up_0), _Block(decoder.up_1)]
        self._last = decoder.conv_img
        norms = [spade for block in middle for spade in (block.norm_0, block.norm_1)]
        self._labels = _Labels(norms, 1)
        self._up_labels = [
            _Labels([block.norm_0, block.norm_1, block.norm_s], scale)
            for block, scale in ((decoder.up_0, 2), (decoder.up_1, 4))
        ]

    def forward(self, label: Tensor) -> Tensor:
        return torch.cat(
            [self._painted(one[None]) for one in label]
        )  # one at a time stays in the cache

    def _painted(self, label: Tensor) -> Tensor:
        x, hidden = self._fc(label), self._labels(label)
        for k, block in enumerate(self._middle):
            x = x + block.inner(F.instance_norm(x), hidden[2 * k : 2 * k + 2])
        for block, labels in zip(self._ups, self._up_labels, strict=True):
            hidden = labels(label)
            even = F.interpolate(F.instance_norm(x), scale_factor=2.0, mode="nearest")
            x = block.inner(even, hidden) + block.outer(even, hidden[2])
        return torch.sigmoid(self._last(F.leaky_relu_(x, SLOPE)))


class _Labels:
    """The first layers of several SPADEs that see the same label, at its size times `scale`."""

    def __init__(self, norms: Sequence[Spade], scale: int) -> None:
        first = [norm.first for norm in norms]
        weight = torch.cat([conv.weight for conv in first])
        bias = torch.cat([conv.bias for conv in first if conv.bias is not None])
        self._count, self._scale = len(norms), scale
        # Positions in an enlarged pixel: the first, those within, which see no neighbour, and the last.
        self._of = {1: [0], 2: [0, 1], 4: [0, 1, 1, 2]}[scale]
        kinds = {1: [0], 2: [0, 1], 4: [0, 1, 3]}[scale]
        taps = torch.zeros(len(kinds), 3, 3)
        for kind, at in enumerate(kinds):
            for tap in range(3):
                taps[kind, (at + tap - 1) // scale + 1, tap] = 1
        kernels = torch.einsum("alt,bmu,kctu->kabclm", taps, taps, weight)
        self._kinds = len(kinds)
        self._conv = Conv3x3(
            kernels.flatten(0, 2), bias.repeat_interleave(self._kinds * self._kinds)
        )

    def __call__(self, label: Tensor) -> tuple[Tensor, ...]:
        made = F.relu_(self._conv(label))
        if self._scale > 1:
            made = made.unflatten(1, (-1, self._kinds, self._kinds))  # type: ignore[no-untyped-call]
            made = made[:, :, self._of][:, :, :, self._of].permute(0, 1, 4, 2, 5, 3)
            made = made.flatten(4, 5).flatten(2, 3)
        return made.chunk(self._count, dim=1)


class _Block:
    def __init__(self, block: SpadeBlock) -> None:
        assert block.conv_0.bias is not None and block.conv_1.bias is not None
        self._conv_0 = Conv3x3(block.conv_0.weight, block.conv_0.bias)
        self._conv_1 = Conv3x3(block.conv_1.weight, block.conv_1.bias)
        self._norm_0, self._norm_1 = _Modulation(block.norm_0), _Modulation(block.norm_1)
        if block.changes:
            self._direct = block.conv_s.weight
            self._norm_s = _Modulation(block.norm_s, self._direct)

    def inner(self, even: Tensor, hidden: tuple[Tensor, ...]) -> Tensor:
        """Of an input whose channels have mean 0 and variance 1."""
        gain, shift = self._norm_0(hidden[0])
        x = self._conv_0(F.leaky_relu_(shift.addcmul_(even, gain), SLOPE))
        gain, shift = self._norm_1(hidden[1])
        return self._conv_1(F.leaky_relu_(shift.addcmul_(F.instance_norm(x), gain), SLOPE))

    def outer(self, even: Tensor, hidden: Tensor) -> Tensor:
        gain, shift = self._norm_s(hidden)
        return F.conv2d(even * gain, self._direct).add_(shift)


class _Modulation:
    """Gain and shift of a SPADE, the shift already behind a 1 x 1 convolution where one follows."""

    def __init__(self, norm: Spade, behind: Tensor | None = None) -> None:
        gamma, beta = norm.mlp_gamma, norm.mlp_beta
        assert gamma.bias is not None and beta.bias is not None
        shift: Tensor = beta.weight
        bias: Tensor = beta.bias
        if behind is not None:
            direct = behind[:, :, 0, 0]
            shift = torch.einsum("ok,kcab->ocab", direct, shift)
            bias = direct @ bias
        self._channels = len(gamma.bias)
        self._conv = Conv3x3(torch.cat([gamma.weight, shift]), torch.cat([gamma.bias + 1, bias]))

    def __call__(self, hidden: Tensor) -> tuple[Tensor, Tensor]:
        made = self._conv(hidden)
        return made[:, : self._channels], made[:, self._channels :]
