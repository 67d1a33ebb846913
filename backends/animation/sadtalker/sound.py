"""From sound to expression: ExpNet, and the encoder of mel windows that PoseVAE shares.

Zhang et al.: SadTalker: Learning Realistic 3D Motion Coefficients for Stylized Audio-Driven Single Image Talking Face
Animation, CVPR 2023, section 3.2. The encoder is that of Wav2Lip (Prajwal et al. 2020).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

EXPRESSION = 64
"""Expression coefficients of the face model."""

# Output channels (in 32nds), kernel, stride, padding; a layer that keeps channels, size and stride adds its input.
_LAYERS: tuple[tuple[int, int, tuple[int, int], int], ...] = (
    (1, 3, (1, 1), 1), (1, 3, (1, 1), 1), (1, 3, (1, 1), 1),
    (2, 3, (3, 1), 1), (2, 3, (1, 1), 1), (2, 3, (1, 1), 1),
    (4, 3, (3, 3), 1), (4, 3, (1, 1), 1), (4, 3, (1, 1), 1),
    (8, 3, (3, 2), 1), (8, 3, (1, 1), 1),
    (16, 3, (1, 1), 0), (16, 1, (1, 1), 0),
)  # fmt: skip


class SoundConv(nn.Module):
    def __init__(
        self, inputs: int, outputs: int, kernel: int, stride: tuple[int, int], padding: int
    ) -> None:
        super().__init__()
        convolution = nn.Conv2d(inputs, outputs, kernel, stride, padding)
        self.conv_block = nn.Sequential(convolution, nn.BatchNorm2d(outputs))
        self.residual = inputs == outputs and kernel == 3

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv_block(x)
        return F.relu_(y + x if self.residual else y)


def sound_encoder(width: int) -> nn.Sequential:
    """(n, 1, 80, 16) windows of a mel spectrogram to (n, 16 width, 1, 1)."""
    layers, inputs = [], 1
    for share, *shape in _LAYERS:
        layers.append(SoundConv(inputs, share * width, *shape))  # type: ignore[arg-type]
        inputs = share * width
    return nn.Sequential(*layers)


class ExpNet(nn.Module):
    """Expression coefficients from sound, the photo's own expression and how far the eyes are shut."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.audio_encoder = sound_encoder(width)
        self.mapping1 = nn.Linear(16 * width + EXPRESSION + 1, EXPRESSION)

    def forward(self, mel: Tensor, reference: Tensor, blink: Tensor) -> Tensor:
        """(n, 1, 80, 16), (n, 64) and (n, 1) with 0..1 to (n, 64)."""
        heard = self.audio_encoder(mel).flatten(1)
        return self.mapping1(torch.cat([heard, reference, blink], dim=1))  # type: ignore[no-any-return]
