"""From sound to head motion: PoseVAE (Zhang et al. 2023, section 3.3), a conditional variational autoencoder."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from backends.animation.sadtalker.sound import sound_encoder

SEQUENCE = 32
"""Frames that are made at a time."""
POSE = 6
"""Angles about x, y and z in radians, and translation."""
STYLES = 46
LATENT = 64
_HIDDEN = 128


class PoseVAE(nn.Module):
    """Head motion relative to the first frame. Only `audio_encoder` and the decoder are used to make it."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.audio_encoder = _Encoder(width)
        self.netG = _Autoencoder(width)
        self.netD_motion = _Discriminator(width)

    def forward(self, mel: Tensor, z: Tensor, style: Tensor, reference: Tensor) -> Tensor:
        """(n, 32, 1, 80, 16), (n, 64) normal, (n,) 0..45 and (n, 6) to (n, 32, 6)."""
        heard = self.audio_encoder(mel.flatten(0, 1)).unflatten(0, mel.shape[:2])
        return self.netG.decoder(heard, z, style, reference)  # type: ignore[no-any-return]


class _Encoder(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.audio_encoder = sound_encoder(width)

    def forward(self, mel: Tensor) -> Tensor:
        return self.audio_encoder(mel).flatten(1)  # type: ignore[no-any-return]


class _Autoencoder(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.encoder, self.decoder = PoseEncoder(width), PoseDecoder(width)


class PoseEncoder(nn.Module):
    """Used in training only."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.resunet = _ResUnet(width)
        inputs = 2 * SEQUENCE * POSE + LATENT + POSE
        self.MLP = nn.Sequential()
        self.MLP.add_module("L0", nn.Linear(inputs, _HIDDEN))
        self.MLP.add_module("A0", nn.ReLU())
        self.linear_means = nn.Linear(_HIDDEN, LATENT)
        self.linear_logvar = nn.Linear(_HIDDEN, LATENT)  # in every checkpoint, and never used
        self.linear_audio = nn.Linear(16 * width, POSE)
        self.classbias = nn.Parameter(torch.empty(STYLES, LATENT))

    def forward(self, heard: Tensor, motion: Tensor, style: Tensor, reference: Tensor) -> Tensor:
        """(n, 64): the mean, which the published weights take for the logarithm of the variance, too."""
        seen = self.resunet(motion[:, None]).flatten(1)
        said = self.linear_audio(heard).flatten(1)
        joined = torch.cat([reference, seen, said, self.classbias[style]], dim=1)
        return self.linear_means(self.MLP(joined))  # type: ignore[no-any-return]


class PoseDecoder(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.resunet = _ResUnet(width)
        self.MLP = nn.Sequential()
        self.MLP.add_module("L0", nn.Linear(SEQUENCE * POSE + LATENT + POSE, _HIDDEN))
        self.MLP.add_module("A0", nn.ReLU())
        self.MLP.add_module("L1", nn.Linear(_HIDDEN, SEQUENCE * POSE))
        self.MLP.add_module("sigmoid", nn.Sigmoid())
        self.pose_linear = nn.Linear(POSE, POSE)
        self.linear_audio = nn.Linear(16 * width, POSE)
        self.classbias = nn.Parameter(torch.empty(STYLES, LATENT))

    def forward(self, heard: Tensor, z: Tensor, style: Tensor, reference: Tensor) -> Tensor:
        said = self.linear_audio(heard).flatten(1)
        mixed = self.MLP(torch.cat([reference, z + self.classbias[style], said], dim=1))
        motion = self.resunet(mixed.view(-1, 1, SEQUENCE, POSE))
        return self.pose_linear(motion[:, 0])  # type: ignore[no-any-return]


class _ResUnet(nn.Module):
    """(n, 1, 32, 6) to the same, 0..1 (Zhang, Liu, Wang: Road Extraction by Deep Residual U-Net, 2018)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        w = (width, 2 * width, 4 * width, 8 * width)
        self.input_layer = nn.Sequential(
            nn.Conv2d(1, w[0], 3, padding=1), nn.BatchNorm2d(w[0]), nn.ReLU(),
            nn.Conv2d(w[0], w[0], 3, padding=1),
        )  # fmt: skip
        self.input_skip = nn.Sequential(nn.Conv2d(1, w[0], 3, padding=1))
        self.residual_conv_1 = _ResidualConv(w[0], w[1], 2)
        self.residual_conv_2 = _ResidualConv(w[1], w[2], 2)
        self.bridge = _ResidualConv(w[2], w[3], 2)
        self.upsample_1 = _Upsample(w[3])
        self.up_residual_conv1 = _ResidualConv(w[3] + w[2], w[2], 1)
        self.upsample_2 = _Upsample(w[2])
        self.up_residual_conv2 = _ResidualConv(w[2] + w[1], w[1], 1)
        self.upsample_3 = _Upsample(w[1])
        self.up_residual_conv3 = _ResidualConv(w[1] + w[0], w[0], 1)
        self.output_layer = nn.Sequential(nn.Conv2d(w[0], 1, 1), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        first = self.input_layer(x) + self.input_skip(x)
        second = self.residual_conv_1(first)
        third = self.residual_conv_2(second)
        x = self.upsample_1(self.bridge(third))
        x = self.upsample_2(self.up_residual_conv1(torch.cat([x, third], 1)))
        x = self.upsample_3(self.up_residual_conv2(torch.cat([x, second], 1)))
        return self.output_layer(self.up_residual_conv3(torch.cat([x, first], 1)))  # type: ignore[no-any-return]


class _ResidualConv(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv_block = nn.Sequential(
            nn.BatchNorm2d(inputs), nn.ReLU(),
            nn.Conv2d(inputs, outputs, 3, (stride, 1), padding=1),
            nn.BatchNorm2d(outputs), nn.ReLU(), nn.Conv2d(outputs, outputs, 3, padding=1),
        )  # fmt: skip
        self.conv_skip = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, (stride, 1), padding=1), nn.BatchNorm2d(outputs)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.conv_block(x) + self.conv_skip(x)  # type: ignore[no-any-return]


class _Upsample(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.upsample = nn.ConvTranspose2d(channels, channels, (2, 1), (2, 1))

    def forward(self, x: Tensor) -> Tensor:
        return self.upsample(x)  # type: ignore[no-any-return]


class _Discriminator(nn.Module):
    """Tells made from recorded motion; in every checkpoint, used in training only."""

    def __init__(self, width: int) -> None:
        super().__init__()
        w = (8 * width, 16 * width, 32 * width)
        self.seq = nn.Sequential(
            _SequenceConv(POSE, w[0], 4, 2), _SequenceConv(w[0], w[1], 4, 2),
            _SequenceConv(w[1], w[2], 3, 1), nn.Conv1d(w[2], 1, 3, padding=1),
        )  # fmt: skip

    def forward(self, motion: Tensor) -> Tensor:
        """(n, 32, 6) to (n, 8)."""
        return self.seq(motion.transpose(1, 2))[:, 0]  # type: ignore[no-any-return]


class _SequenceConv(nn.Module):
    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(inputs, outputs, kernel, stride, padding=1, bias=False)
        self.norm = nn.BatchNorm1d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu_(self.norm(self.conv(x)))
