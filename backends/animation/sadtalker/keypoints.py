"""What the renderer is driven by: 3D keypoints of the photo, moved as face model coefficients say.

KPDetector is face-vid2vid's (Wang, Mallya, Liu 2021), MappingNet SadTalker's (Zhang et al. 2023, section 3.4).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from backends.animation.sadtalker.blocks import NormedConv, conv, grid

KEYPOINTS = 15
BINS = 66
"""Of each angle: 3 degrees each, from -99 on."""
WINDOW = 27
"""Frames of coefficients that MappingNet looks at, the one to be drawn in the middle."""
_TEMPERATURE = 0.1
_DEPTH = 16
_PI = 3.14
"""With these decimals and no more the weights were trained."""


class KPDetector(nn.Module):
    """Keypoints of the face as if it looked straight ahead without expression."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.predictor = _Hourglass(width)
        self.kp = conv(3, width, KEYPOINTS)
        self.down = _Quarter()

    def forward(self, image: Tensor) -> Tensor:
        """(n, 3, h, w) in 0..1 to (n, 15, 3) x, y, z in -1..1."""
        heat = self.kp(self.predictor(self.down(image)))
        share = F.softmax(heat.flatten(2) / _TEMPERATURE, dim=2)
        places = grid(heat.shape[2:], heat).view(-1, 3)
        return share @ places


class _Hourglass(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        sizes = [3, *(width << k for k in range(1, 6))]
        self.down_blocks, self.up_blocks = nn.Sequential(), nn.Sequential()
        for k in range(5):
            self.down_blocks.add_module(f"down{k}", NormedConv(2, sizes[k], sizes[k + 1], step=-1))
            self.up_blocks.add_module(
                f"up{k}", NormedConv(3, width << (5 - k), width << (4 - k), step=1)
            )
        self.conv = nn.Conv2d(sizes[-1], sizes[-1] * _DEPTH, 1)

    def forward(self, x: Tensor) -> Tensor:
        flat = self.conv(self.down_blocks(x))
        return self.up_blocks(flat.unflatten(1, (-1, _DEPTH)))  # type: ignore[no-any-return]


class _Quarter(nn.Module):
    """Every fourth pixel behind a Gaussian; its weight comes with the checkpoint."""

    weight: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("weight", gaussian(1.5, 13).expand(3, 1, 13, 13).clone())

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.weight, stride=4, padding=6, groups=3)


def gaussian(sigma: float, size: int) -> Tensor:
    """(size, size), summing to 1."""
    line = torch.exp(-(((torch.arange(size) - (size - 1) / 2) / sigma) ** 2) / 2)
    kernel = line[:, None] * line
    return kernel / kernel.sum()


class Motion(NamedTuple):
    """How MappingNet moves keypoints; angles as weights of BINS."""

    yaw: Tensor
    pitch: Tensor
    roll: Tensor
    shift: Tensor
    """(n, 3)"""
    expression: Tensor
    """(n, 45)"""


class MappingNet(nn.Module):
    """Windows of face model coefficients to the motion of keypoints."""

    def __init__(self, coefficients: int, width: int = 1024) -> None:
        """
        Args:
            coefficients: 70 for a cropped face; 73 where the crop's own place is among them.
        """
        super().__init__()
        self.first = nn.Sequential(nn.Conv1d(coefficients, width, 7))
        for k in range(3):
            layer = nn.Sequential(nn.LeakyReLU(0.1), nn.Conv1d(width, width, 3, dilation=3))
            self.add_module(f"encoder{k}", layer)
        self.fc_roll, self.fc_pitch, self.fc_yaw = (nn.Linear(width, BINS) for _ in range(3))
        self.fc_t = nn.Linear(width, 3)
        self.fc_exp = nn.Linear(width, 3 * KEYPOINTS)

    def forward(self, window: Tensor) -> Motion:
        """(n, 70 or 73, 27)"""
        x = self.first(window)
        for k in range(3):
            x = self.get_submodule(f"encoder{k}")(x) + x[:, :, 3:-3]
        x = x.mean(2)
        return Motion(
            self.fc_yaw(x), self.fc_pitch(x), self.fc_roll(x), self.fc_t(x), self.fc_exp(x)
        )


def moved(keypoints: Tensor, motion: Motion) -> Tensor:
    """(n, 15, 3): canonical keypoints (1 or n, 15, 3) turned, shifted down and expressive.

    Only the vertical part of the shift is used: with the others the weights draw faces that wander.
    """
    turned = keypoints @ _rotation(motion).transpose(1, 2)
    shift = motion.shift * motion.shift.new_tensor([0.0, 1.0, 0.0])
    return turned + shift[:, None] + motion.expression.view(-1, KEYPOINTS, 3)


def _rotation(motion: Motion) -> Tensor:
    """(n, 3, 3): pitch · yaw · roll."""
    (sy, cy), (sp, cp), (sr, cr) = (
        (torch.sin(a), torch.cos(a))
        for a in (_radians(motion.yaw), _radians(motion.pitch), _radians(motion.roll))
    )
    one, zero = torch.ones_like(sy), torch.zeros_like(sy)

    def matrix(*rows: Tensor) -> Tensor:
        return torch.stack(rows, dim=1).view(-1, 3, 3)

    pitch = matrix(one, zero, zero, zero, cp, -sp, zero, sp, cp)
    yaw = matrix(cy, zero, sy, zero, one, zero, -sy, zero, cy)
    roll = matrix(cr, -sr, zero, sr, cr, zero, zero, zero, one)
    return pitch @ yaw @ roll


def _radians(weights: Tensor) -> Tensor:
    """(n, 66) to (n,): the bins' mean."""
    bins = torch.arange(BINS, dtype=weights.dtype, device=weights.device)
    degrees = (F.softmax(weights, dim=1) * bins).sum(1) * 3 - 99
    return degrees / 180 * _PI
