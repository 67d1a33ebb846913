"""Wav2Lip as an animation engine: lip-synced mouths on photos and videos, with the rig's expressions around them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from backends.animation.engine import AnimationInfo
from backends.animation.wav2lip.architecture import MELS, STEPS
from backends.animation.wav2lip.mouths import Finish, Finisher
from backends.animation.wav2lip.runners import Precision, Provider, Runner, Seen, load_runner
from backends.animation.wav2lip.scenes import ClipScene, Scene, Shot, StillScene
from backends.animation.wav2lip.sound import HEARD_S, Sound
from backends.animation.weights import WAV2LIP
from backends.errors import NoFaceError
from backends.speech.engine import Licence
from backends.types import (
    FloatArray,
    FrameBatch,
    ImageArray,
    Notice,
    Performance,
    Reference,
    ReferenceVideo,
    Speech,
)

LICENCE = Licence(
    code="Apache-2.0",
    weights="non-commercial",
    commercial_use=False,
    note="Wav2Lip's published weights are trained on LRS2: research, academic and personal use only.",
)


def pulled_weights() -> Path:
    """Where `prosopon models pull wav2lip` puts them; converted ones beside them are read faster and without torch."""
    published = WAV2LIP.folder / WAV2LIP.files[0].name
    converted = published.with_suffix(".safetensors")
    return converted if converted.is_file() else published


class Wav2LipOptions(BaseModel):
    """How the Wav2Lip engine is set up."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    weights: Path | None = None
    """A checkpoint (.pth, .pt, .safetensors) or an exported graph (.onnx), for 96 or 256 pixels; what
    `prosopon models pull wav2lip` has fetched otherwise."""
    expressive: bool = True
    """The rig draws brows, lids, expression and head around the mouth; without it nothing else moves."""
    provider: Provider = "auto"
    """What runs the network; auto takes torch on a GPU, and on the CPU OpenVINO, torch or ONNX Runtime: the first that
    is installed."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["auto", "float32", "float16"] = "auto"
    """Auto is float16 on a GPU and float32 on the CPU."""
    batch: int | None = Field(default=None, ge=1, le=128)
    """Frames drawn at once: 25 on a GPU, 5 on the CPU by default, of which segments are multiples at usual rates."""
    threads: int = Field(default=0, ge=0, le=64)
    """Of ONNX Runtime and OpenVINO; 0: one for each core. PyTorch takes OMP_NUM_THREADS."""
    whole: bool = False
    """Pastes the whole crop with hard edges and its own colours, as the authors' script does."""
    match_colour: bool = True
    """Takes the mouth's colours to those of the skin around it."""
    sharpen: float = Field(default=0.0, ge=0.0, le=2.0)
    """Strength of an unsharp mask over the mouth, which is drawn at 96 or 256 pixels."""


@dataclass(frozen=True, slots=True)
class Wav2LipAvatar:
    """A reference ready to be drawn; nothing in it changes."""

    scene: Scene
    notices: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class Wav2LipPlan:
    """What a mouth hears, and what the rest of the face does."""

    rows: Performance
    sound: Sound

    def slice(self, start: int, end: int) -> Wav2LipPlan:
        """Enough for the clip's frames [start, end)."""
        rows = self.rows.slice(start, end)
        return Wav2LipPlan(rows, self.sound.slice(start, end, rows.fps))


class Wav2LipEngine:
    """Draws mouths that follow the sound."""

    Options: ClassVar[type[Wav2LipOptions]] = Wav2LipOptions

    def __init__(self, options: Wav2LipOptions | None = None) -> None:
        """
        Raises:
            WeightsMissingError: they are not here; the message names the command that fetches them.
            EngineUnavailableError: a package or the device is missing.
            EngineError: the weights are damaged or another network's.
        """
        self._options = options or Wav2LipOptions()
        chosen = self._options
        finish = Finish(chosen.whole, chosen.match_colour, chosen.sharpen)
        precision: Precision | None = None if chosen.precision == "auto" else chosen.precision
        self._runner: Runner = load_runner(
            chosen.weights or pulled_weights(),
            provider=chosen.provider,
            device=chosen.device,
            precision=precision,
            threads=chosen.threads or len(os.sched_getaffinity(0)),
            first_row=finish.first_row,
        )
        self._finisher = Finisher(finish, self._runner.size, self._runner.top)
        self._batch = chosen.batch or (25 if self._runner.device == "cuda" else 5)

    @property
    def info(self) -> AnimationInfo:
        return AnimationInfo(
            name="wav2lip",
            uses_performance=self._options.expressive,
            shardable=True,
            context_frames=(0, 0),
            device=self._runner.device,
            licence=LICENCE,
            backdrops=self._options.expressive,
            lips="sound",
            hears_s=HEARD_S,
        )

    def prepare(self, reference: Reference) -> Wav2LipAvatar:
        """Finds the face, in a video through all of its frames, and has the rig prepare what it draws.

        Raises:
            NoFaceError: there is no face.
        """
        size = self._runner.size
        if isinstance(reference, ReferenceVideo):
            return self._prepare_clip(reference, size)
        if not self._options.expressive:
            return Wav2LipAvatar(StillScene.of(reference, size), ())
        from backends.animation.wav2lip.staging import RiggedStill

        still = RiggedStill.of(reference, size)
        return Wav2LipAvatar(still, still.engine.notices(still.avatar))

    def _prepare_clip(self, video: ReferenceVideo, size: int) -> Wav2LipAvatar:
        clip = ClipScene.of(video, size)
        notices = clip.presence.notices
        if not self._options.expressive:
            return Wav2LipAvatar(clip, notices)
        from backends.animation.wav2lip.staging import RiggedClip

        try:
            return Wav2LipAvatar(RiggedClip.of(clip), notices)
        except NoFaceError as error:
            told = Notice(
                "no_expressions", f"the video's face shows no expressions: {error.message}"
            )
            return Wav2LipAvatar(clip, (*notices, told))

    def notices(self, avatar: Wav2LipAvatar) -> tuple[Notice, ...]:
        return avatar.notices

    def plan(
        self, avatar: Wav2LipAvatar, speech: Speech, performance: Performance, seed: int
    ) -> Wav2LipPlan:
        """What the mouth hears beside the performance; all of it is drawn from HEARD_S of sound around each frame."""
        return Wav2LipPlan(performance, Sound.of(speech))

    def animate(
        self, avatar: Wav2LipAvatar, plan: Wav2LipPlan, frames: range
    ) -> Iterator[FrameBatch]:
        """Draws the clip's frames.

        Frame k always has the same place in its batch, whatever range is asked for: what a network gives differs in
        the last bits with the batch.

        Raises:
            IndexError: the plan does not hold all of the frames.
            AnimationError: the network failed.
        """
        rows = plan.rows.slice(frames.start, frames.stop)
        shots = avatar.scene.shots(rows)
        width, height = avatar.scene.size
        memory = np.empty((self._batch, height, width, 3), np.uint8)
        sight = _Sight(self._runner, self._batch)
        start = frames.start
        while start < frames.stop:
            end = min(frames.stop, start - start % self._batch + self._batch)
            drawn = self._draw(islice(shots, end - start), plan, start, sight, memory)
            yield FrameBatch(drawn, start)
            start = end

    def _draw(
        self,
        shots: Iterator[Shot],
        plan: Wav2LipPlan,
        start: int,
        sight: _Sight,
        memory: ImageArray,
    ) -> ImageArray:
        """The frames from `start` on, as many as there are shots."""
        offset = start % self._batch
        mel = np.zeros((self._batch, 1, MELS, STEPS), np.float32)
        taken: list[Shot] = []
        for slot, shot in enumerate(shots):
            shot.draw(memory[slot])
            mel[offset + slot] = plan.sound.window(start + slot, plan.rows.fps)
            taken.append(shot)
        if any(shot.weight > 0 for shot in taken):
            drawn = self._runner.draw(mel, sight.of(offset, [shot.seen for shot in taken]))
            for slot, shot in enumerate(taken):
                if shot.weight > 0:
                    patch = self._finisher.patch(
                        drawn[offset + slot], shot.seen[3:], shot.region, shot.weight
                    )
                    shot.put(patch, memory[slot])
        return memory[: len(taken)]


class _Sight:
    """What the network has made of the faces of a batch. A photo's is the same in all of them, and looked at once."""

    def __init__(self, runner: Runner, batch: int) -> None:
        self._runner = runner
        self._faces = np.zeros((batch, 6, runner.size, runner.size), np.float32)
        self._held: list[FloatArray] = []
        self._seen: Seen = ()

    def of(self, offset: int, faces: list[FloatArray]) -> Seen:
        """Of faces that begin at that place of the batch; in the other places it may be any face."""
        held = self._held[offset : offset + len(faces)]
        if not held or any(face is not old for face, old in zip(faces, held, strict=True)):
            before, behind = (
                faces[:1] * offset,
                faces[-1:] * (len(self._faces) - offset - len(faces)),
            )
            self._held = [*before, *faces, *behind]
            np.stack(self._held, out=self._faces)
            self._seen = self._runner.see(self._faces)
        return self._seen
