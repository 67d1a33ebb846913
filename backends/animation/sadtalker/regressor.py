"""Face model coefficients of a photo: a residual network of 50 layers with a head for each kind.

Deng et al.: Accurate 3D Face Reconstruction with Weakly-Supervised Learning, CVPRW 2019; He et al. 2016, with the
stride of a block in its 3 x 3 convolution.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

HEADS = (80, 64, 80, 3, 27, 2, 1)
"""Identity, expression, texture, angles, light, translation in the picture and towards the camera."""
EXPRESSION, POSE = slice(80, 144), (slice(224, 227), slice(254, 257))
SIDE = 224
"""Pixels of the picture's sides."""
_BLOCKS = (3, 4, 6, 3)


class Regressor(nn.Module):
    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.backbone = _ResNet(width)
        self.final_layers = nn.ModuleList(nn.Conv2d(32 * width, n, 1) for n in HEADS)

    def forward(self, image: Tensor) -> Tensor:
        """(n, 3, 224, 224) in 0..1 to (n, 257)."""
        seen = self.backbone(image)
        return torch.cat([head(seen) for head in self.final_layers], 1).flatten(1)


class _ResNet(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 7, 2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        inputs = width
        for k, count in enumerate(_BLOCKS):
            blocks = []
            for block in range(count):
                stride = 2 if block == 0 and k > 0 else 1
                blocks.append(_Bottleneck(inputs, width << k, stride))
                inputs = 4 * (width << k)
            self.add_module(f"layer{k + 1}", nn.Sequential(*blocks))

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu_(self.bn1(self.conv1(x))), 3, 2, padding=1)
        for k in range(len(_BLOCKS)):
            x = self.get_submodule(f"layer{k + 1}")(x)
        return x.mean((2, 3), keepdim=True)


class _Bottleneck(nn.Module):
    def __init__(self, inputs: int, inner: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inputs, inner, 1, bias=False), nn.BatchNorm2d(inner)
        self.conv2 = nn.Conv2d(inner, inner, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(inner)
        self.conv3, self.bn3 = nn.Conv2d(inner, 4 * inner, 1, bias=False), nn.BatchNorm2d(4 * inner)
        self.downsample = (
            nn.Sequential(
                nn.Conv2d(inputs, 4 * inner, 1, stride, bias=False), nn.BatchNorm2d(4 * inner)
            )
            if stride > 1 or inputs != 4 * inner
            else None
        )

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu_(self.bn1(self.conv1(x)))
        y = F.relu_(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return F.relu_(y + (x if self.downsample is None else self.downsample(x)))
