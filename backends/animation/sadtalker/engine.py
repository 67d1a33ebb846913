"""SadTalker as an animation engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import ClassVar, Literal

import cv2
import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from backends.animation.engine import AnimationInfo
from backends.animation.rig.engine import RigAvatar, RigEngine
from backends.animation.sadtalker.alignment import (
    CropBox,
    aligned,
    crop_box,
    cut,
    five_points,
)
from backends.animation.sadtalker.checkpoint import Networks, load
from backends.animation.sadtalker.fast import accelerate
from backends.animation.sadtalker.generator import Source
from backends.animation.sadtalker.keypoints import WINDOW, moved
from backends.animation.sadtalker.motion import Look, Manner, Plan, plan_motion
from backends.animation.sadtalker.pose import STYLES
from backends.animation.sadtalker.regressor import EXPRESSION, POSE
from backends.animation.weights import SADTALKER, SADTALKER_512
from backends.errors import EngineError, InputError, NoFaceError
from backends.faces.detect import face_at
from backends.speech.engine import Licence
from backends.types import (
    FloatArray,
    FrameBatch,
    ImageArray,
    Notice,
    Performance,
    Portrait,
    Reference,
    ReferenceVideo,
    Speech,
)

_FEATHER = 0.1
"""Of the crop's side: how wide the drawn picture fades into the portrait."""
_CPU_BATCH = 2
"""Frames that a CPU draws at a time; with one, PyTorch takes a slow way for small convolutions."""
_SMALLEST = 0.4
"""Pixels of the crop for each that is drawn; below, the face is told to be small."""


class SadTalkerOptions(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    size: Literal[128, 256, 512] = 256
    """Pixels of the sides of what is drawn. Weights are published for 256 and 512."""
    framing: Literal["full", "crop"] = "full"
    """full keeps the head near where the photo shows it; crop lets it move freely."""
    still: bool = False
    """The head does not move."""
    pose_style: int = Field(0, ge=0, lt=STYLES)
    """One of the ways to move the head that are in the weights."""
    head_motion: float = Field(1.0, ge=0, le=3)
    """Factor on the head's own motion."""
    expression: float = Field(1.0, ge=0, le=3)
    """Factor on what the mouth does."""
    emotions: bool = True
    """Whether cues change the face."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    batch: int = Field(8, ge=1, le=64)
    """Frames that a GPU draws at a time."""
    weights: Path | None = None
    """Folder of the checkpoints; without it, where `prosopon models pull` puts them."""


@dataclass(frozen=True, slots=True)
class SadTalkerAvatar:
    """A portrait ready to be drawn; nothing in it changes."""

    portrait: Portrait
    box: CropBox
    mask: FloatArray
    """(h, w, 1) of the crop's part inside the picture: how much of it is drawn."""
    coefficients: FloatArray
    """(73,) expression, pose, and the crop's place."""
    keypoints: Tensor
    """(1, 15, 3) canonical."""
    still: Tensor
    """(1, 15, 3) as the photo shows them."""
    source: Source
    rig: RigAvatar | None
    """Re-poses the photo; none where emotions are off."""


class SadTalkerEngine:
    """Draws portraits that talk by planned face model coefficients."""

    Options: ClassVar[type[SadTalkerOptions]] = SadTalkerOptions

    def __init__(self, options: SadTalkerOptions | None = None) -> None:
        """
        Raises:
            WeightsMissingError, EngineError: see `checkpoint.load`; or there is no such device.
        """
        self._options = options or SadTalkerOptions()
        self._device = _device(self._options.device)
        item = SADTALKER_512 if self._options.size == 512 else SADTALKER
        folder = self._options.weights or item.folder
        networks = load(folder, self._options.size, self._options.framing)
        self._networks: Networks = networks.to(self._device)
        self._batch = self._options.batch if self._device.type == "cuda" else _CPU_BATCH
        if self._device.type == "cpu":
            accelerate(networks.generator)
        self._rig = RigEngine()

    @property
    def info(self) -> AnimationInfo:
        return AnimationInfo(
            name="sadtalker",
            uses_performance=True,
            shardable=True,
            context_frames=(0, 0),
            device=self._device.type,
            licence=Licence(
                code="Apache-2.0",
                weights="Apache-2.0; face model coefficients (BFM) for research only",
                commercial_use=False,
            ),
            lips="sound",
            hears_s=inf,
        )

    def prepare(self, reference: Reference) -> SadTalkerAvatar:
        """Cuts the face out, finds its coefficients and keypoints and encodes it.

        Raises:
            NoFaceError: no face is found where the portrait says.
            InputError: the reference is a video.
        """
        if isinstance(reference, ReferenceVideo):
            raise InputError(
                "the engine sadtalker moves pictures: give a picture as portrait; to lend it the motion of a video, "
                "give that as driving video"
            )
        pixels = np.ascontiguousarray(reference.pixels)
        face = face_at(pixels, reference.face)
        if face is None:
            raise NoFaceError(
                "no face was found where the portrait should have one ({:.0f}, {:.0f}, {:.0f} x {:.0f} pixels): use a "
                "photo that shows the face from the front".format(*reference.face)
            )
        box, side = crop_box(face.landmarks), self._options.size
        crop = cut(pixels, box, side)
        picture, place = aligned(crop, five_points(face.landmarks, box, side))
        networks = self._networks
        with torch.inference_mode():
            found = networks.regressor(self._on_device(picture[None])).cpu().numpy()[0]
            coefficients = np.concatenate([found[EXPRESSION], *(found[p] for p in POSE), place])
            keypoints = networks.keypoints(self._image(crop))
            still = moved(keypoints, networks.mapping(self._windows(coefficients[None, :, None])))
            source = networks.generator.source(self._image(crop))
        rig = self._rig.prepare(reference) if self._options.emotions else None
        return SadTalkerAvatar(
            reference, box, _mask(box, reference.size), coefficients, keypoints, still, source, rig
        )

    def notices(self, avatar: SadTalkerAvatar) -> tuple[Notice, ...]:
        """Whether the face is larger than what is drawn, and so comes out soft."""
        enlarged = avatar.box.height / self._options.size
        if enlarged < 1 / _SMALLEST:
            return ()
        return (
            Notice(
                "soft_face",
                f"the face is drawn at {self._options.size} pixels and enlarged {enlarged:.1f} times, so it looks "
                "soft; use a smaller size of the clip, or the engine's size 512",
            ),
        )

    def plan(
        self, avatar: SadTalkerAvatar, speech: Speech, performance: Performance, seed: int
    ) -> Plan:
        """Expressions and poses of the whole clip, and the looks that its cues ask for."""
        options = self._options
        manner = Manner(options.pose_style, options.still, options.expression, options.head_motion)
        networks, own = self._networks, avatar.coefficients[:70]
        return plan_motion(
            networks.expression, networks.pose, own, speech, performance, seed, manner
        )

    def animate(self, avatar: SadTalkerAvatar, plan: Plan, frames: range) -> Iterator[FrameBatch]:
        """Draws the clip's frames, a few at a time into the same memory.

        Raises:
            IndexError: the plan does not hold all of the frames.
        """
        windows = plan.windows(frames)
        shares = plan.shares[frames.start - plan.start : frames.stop - plan.start]
        looks = self._looks(avatar, plan.looks, shares)
        canvas = np.stack([avatar.portrait.pixels] * self._batch)
        for start in range(0, len(frames), self._batch):
            count = min(self._batch, len(frames) - start)
            # The last batch is filled up, so that a frame is computed in the same way wherever it stands.
            which = np.minimum(np.arange(start, start + self._batch), len(frames) - 1)
            drawn = self._draw(avatar, windows[which], shares[which], looks)
            for slot in range(count):
                _paste(canvas[slot], drawn[slot], avatar)
            yield FrameBatch(canvas[:count], frames.start + start)

    def _draw(
        self,
        avatar: SadTalkerAvatar,
        windows: FloatArray,
        shares: FloatArray,
        looks: dict[int, Source],
    ) -> FloatArray:
        """(n, size, size, 3) in 0..255."""
        networks = self._networks
        with torch.inference_mode():
            motion = networks.mapping(self._windows(windows, avatar.coefficients[70:]))
            driving = moved(avatar.keypoints, motion)
            sources = [_blended(avatar.source, looks, share) for share in shares]
            joined = Source(*(torch.cat(parts) for parts in zip(*sources, strict=True)))
            image = networks.generator(joined, driving, avatar.still)
            return np.asarray((image * 255).permute(0, 2, 3, 1).cpu().numpy(), np.float32)

    def _looks(
        self, avatar: SadTalkerAvatar, looks: tuple[Look, ...], shares: FloatArray
    ) -> dict[int, Source]:
        """Those that are seen in these frames, by index."""
        if avatar.rig is None:
            return {}
        seen = np.flatnonzero(shares.any(axis=0)).tolist()
        return {k: self._posed(avatar, avatar.rig, looks[k]) for k in seen}

    def _posed(self, avatar: SadTalkerAvatar, rig: RigAvatar, look: Look) -> Source:
        row = Performance(
            coefficients=look.coefficients[None],
            pose=np.zeros((1, 6), np.float32),
            gaze=np.zeros((1, 2), np.float32),
            extra={"relax": np.full(1, look.relax, np.float32)},
        )
        picture = next(self._rig.animate(rig, row, range(1))).frames[0]
        crop = cut(picture, avatar.box, self._options.size)
        with torch.inference_mode():
            return self._networks.generator.source(self._image(crop))

    def _windows(self, windows: FloatArray, place: FloatArray | None = None) -> Tensor:
        """(n, 70 or 73, 27): windows, or a single row held, with the crop's place where the weights want it."""
        held = np.broadcast_to(windows, (*windows.shape[:2], WINDOW))
        if place is not None:
            tail = np.broadcast_to(place[None, :, None], (len(held), len(place), WINDOW))
            held = np.concatenate([held, tail], axis=1, dtype=np.float32)
        wanted = self._networks.mapping.first[0].in_channels
        return self._on_device(np.array(held[:, :wanted], np.float32))

    def _image(self, crop: ImageArray) -> Tensor:
        planes = crop.transpose(2, 0, 1)[None].astype(np.float32)
        return self._on_device(np.asarray(planes / 255, np.float32))

    def _on_device(self, array: FloatArray) -> Tensor:
        return torch.from_numpy(array).to(self._device)


def _device(wanted: str) -> torch.device:
    there = torch.cuda.is_available()
    if wanted == "cuda" and not there:
        raise EngineError(
            "the engine sadtalker is to run on a GPU, and PyTorch sees none; set its option device to auto"
        )
    return torch.device("cuda" if there and wanted != "cpu" else "cpu")


def _blended(photo: Source, looks: dict[int, Source], share: FloatArray) -> Source:
    """The photo's features, or those of the looks, or between them."""
    shown = [(looks[k], float(share[k])) for k in looks if share[k] > 0]
    rest = 1.0 - sum(weight for _, weight in shown)
    if rest > 1e-6:
        shown.append((photo, rest))
    if len(shown) == 1:
        return shown[0][0]
    return Source(
        sum(source.volume * weight for source, weight in shown),  # type: ignore[arg-type]
        sum(source.compressed * weight for source, weight in shown),  # type: ignore[arg-type]
    )


def _inside(box: CropBox, size: tuple[int, int]) -> tuple[slice, slice]:
    """Rows and columns of the picture that the crop covers."""
    width, height = size
    return (
        slice(max(box.top, 0), min(box.top + box.height, height)),
        slice(max(box.left, 0), min(box.left + box.width, width)),
    )


def _mask(box: CropBox, size: tuple[int, int]) -> FloatArray:
    """1 inside the crop, falling to 0 at its edges; no fading where the picture ends before them."""
    rows, columns = _inside(box, size)

    def ramp(inside: slice, begin: int, length: int) -> FloatArray:
        at = np.arange(inside.start, inside.stop) - begin + 0.5
        away = np.minimum(at, length - at) / (_FEATHER * length)
        return np.asarray(np.clip(away, 0.0, 1.0), np.float32)

    down, across = ramp(rows, box.top, box.height), ramp(columns, box.left, box.width)
    smooth = down[:, None] * across[None, :]
    return np.asarray((smooth * smooth * (3 - 2 * smooth))[..., None], np.float32)


def _paste(frame: ImageArray, drawn: FloatArray, avatar: SadTalkerAvatar) -> None:
    """Puts the drawn crop into the frame, whose other pixels are the portrait's."""
    box, photo = avatar.box, avatar.portrait
    rows, columns = _inside(box, photo.size)
    method = cv2.INTER_CUBIC if box.width > drawn.shape[1] else cv2.INTER_AREA
    whole = cv2.resize(np.ascontiguousarray(drawn), (box.width, box.height), interpolation=method)
    part = whole[
        rows.start - box.top : rows.stop - box.top,
        columns.start - box.left : columns.stop - box.left,
    ]
    under = photo.pixels[rows, columns].astype(np.float32)
    mixed = under + (part - under) * avatar.mask
    frame[rows, columns] = np.clip(mixed + 0.5, 0, 255).astype(np.uint8)
