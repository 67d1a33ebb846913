"""The two-stream network of SyncNet v2, with the names and shapes of its published weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn


class SyncNet(nn.Module):
    """Embeds five frames of a face, and a fifth of a second of sound, in one space of 1024 numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.netcnnaud = nn.Sequential(
            *_layer(nn.Conv2d(1, 64, 3, padding=1)),
            nn.MaxPool2d(1, 1),
            *_layer(nn.Conv2d(64, 192, 3, padding=1)),
            nn.MaxPool2d(3, (1, 2)),
            *_layer(nn.Conv2d(192, 384, 3, padding=1)),
            *_layer(nn.Conv2d(384, 256, 3, padding=1)),
            *_layer(nn.Conv2d(256, 256, 3, padding=1)),
            nn.MaxPool2d(3, 2),
            *_layer(nn.Conv2d(256, 512, (5, 4))),
        )
        self.netfcaud = _head()
        self.netfclip = _head()
        pool = ((1, 3, 3), (1, 2, 2))
        self.netcnnlip = nn.Sequential(
            *_layer(nn.Conv3d(3, 96, (5, 7, 7), (1, 2, 2))),
            nn.MaxPool3d(*pool),
            *_layer(nn.Conv3d(96, 256, (1, 5, 5), (1, 2, 2), (0, 1, 1))),
            nn.MaxPool3d(*pool, padding=(0, 1, 1)),
            *_layer(nn.Conv3d(256, 256, (1, 3, 3), padding=(0, 1, 1))),
            *_layer(nn.Conv3d(256, 256, (1, 3, 3), padding=(0, 1, 1))),
            *_layer(nn.Conv3d(256, 256, (1, 3, 3), padding=(0, 1, 1))),
            nn.MaxPool3d(*pool),
            *_layer(nn.Conv3d(256, 512, (1, 6, 6))),
        )

    def sound(self, columns: Tensor) -> Tensor:
        """(n, 1024) of (n, 1, 13, 20) cepstral coefficients."""
        found: Tensor = self.netfcaud(self.netcnnaud(columns).flatten(1))
        return found

    def lips(self, frames: Tensor) -> Tensor:
        """(n, 1024) of (n, 3, 5, 224, 224) BGR frames, 0..255."""
        found: Tensor = self.netfclip(self.netcnnlip(frames).flatten(1))
        return found


def _layer(convolution: Any) -> Sequence[nn.Module]:
    flat = isinstance(convolution, nn.Conv2d)
    norm = nn.BatchNorm2d if flat else nn.BatchNorm3d
    return convolution, norm(convolution.out_channels), nn.ReLU(inplace=True)


def _head() -> nn.Sequential:
    return nn.Sequential(nn.Linear(512, 512), nn.BatchNorm1d(512), nn.ReLU(), nn.Linear(512, 1024))
