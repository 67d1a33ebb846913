"""The same numbers as the authors' code, where a checkout of it is given by REFERENCE_SADTALKER."""

import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import pytest
import yaml

torch = pytest.importorskip("torch", reason="the full set has it")

from backends.animation.mel import mel  # noqa: E402
from backends.animation.sadtalker.alignment import (  # noqa: E402  # noqa: E402
    LEFT_LIDS,
    MOUTH_CORNERS,
    RIGHT_LIDS,
    aligned,
    crop_box,
)
from backends.animation.sadtalker.checkpoint import build  # noqa: E402
from backends.animation.sadtalker.fast import accelerate  # noqa: E402
from backends.animation.sadtalker.keypoints import moved  # noqa: E402
from backends.animation.sadtalker.motion import Plan, hear, poses  # noqa: E402
from backends.types import Speech, SpeechChunk  # noqa: E402
from tests.contract.sadtalker_weights import numbers  # noqa: E402

CHECKOUT = os.environ.get("REFERENCE_SADTALKER", "")

pytestmark = [
    pytest.mark.full,
    pytest.mark.parity,
    pytest.mark.skipif(
        not CHECKOUT, reason="REFERENCE_SADTALKER names no checkout to compare with"
    ),
    pytest.mark.filterwarnings("ignore"),
]


class Settings(dict[str, Any]):
    """As the reference reads its settings: fields, too."""

    def __getattr__(self, name: str) -> Any:
        value = self[name]
        return Settings(value) if isinstance(value, dict) else value


@pytest.fixture(scope="module")
def load() -> Iterator[Any]:
    """Imports modules of the checkout by name; they are forgotten afterwards."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(CHECKOUT)
        geometry = ModuleType("kornia.geometry")
        geometry.warp_affine = None  # type: ignore[attr-defined]  # imported there, for training
        patch.setitem(sys.modules, "kornia", ModuleType("kornia"))
        patch.setitem(sys.modules, "kornia.geometry", geometry)
        # It was written for NumPy 1.
        warning = np.exceptions.VisibleDeprecationWarning
        patch.setattr(np, "VisibleDeprecationWarning", warning, raising=False)
        yield importlib.import_module
        for name in [n for n in sys.modules if n.partition(".")[0] == "src"]:
            del sys.modules[name]


def settings(name: str) -> Settings:
    return Settings(yaml.safe_load((Path(CHECKOUT) / "src" / "config" / name).read_text()))


def alike(theirs: Any, ours: Any, seed: int = 0) -> None:
    """Random numbers in both, there and back: each takes the state of the other."""
    ours.load_state_dict(numbers(ours, torch.Generator().manual_seed(seed)), assign=True)
    theirs.load_state_dict(ours.state_dict(), strict=True)
    ours.load_state_dict(theirs.state_dict(), strict=True)
    for network in (theirs, ours):
        network.eval().requires_grad_(False)


def close(a: Any, b: Any, most: float = 1e-5) -> None:
    difference = float(np.abs(np.asarray(a) - np.asarray(b)).max())
    assert difference <= most * max(1.0, float(np.abs(np.asarray(a)).max()))


def random(*shape: int, seed: int = 0) -> Any:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@torch.inference_mode()
def test_expressions(load: Any) -> None:
    theirs, ours = load("src.audio2exp_models.networks").SimpleWrapperV2(), build("full").expression
    alike(theirs, ours)
    sound, rest, shut = random(4, 1, 80, 16), random(4, 64), random(4, 1)
    close(theirs(sound, rest[None], shut[None])[0], ours(sound, rest, shut))


@torch.inference_mode()
def test_poses(load: Any) -> None:
    config = settings("auido2pose.yaml")
    theirs = load("src.audio2pose_models.audio2pose").Audio2Pose(config, None, "cpu")
    ours = build("full").pose
    alike(theirs, ours)
    sound, z, style = random(1, 32, 1, 80, 16), random(1, 64), torch.tensor([45])
    rest = random(1, 6)
    batch = {"z": z, "class": style, "ref": rest, "audio_emb": theirs.audio_encoder(sound)}
    motion = theirs.netG.test(batch)["pose_motion_pred"]
    close(motion, ours(sound, z, style, rest))
    close(theirs.netD_motion(motion), ours.netD_motion(motion))
    batch |= {"pose_motion_gt": motion}
    encoded = ours.netG.encoder(batch["audio_emb"], motion, style, rest)
    close(theirs.netG.encoder(batch)["logvar"], encoded)


@torch.inference_mode()
@pytest.mark.parametrize("frames", [20, 33, 50])
def test_poses_of_a_clip(load: Any, monkeypatch: pytest.MonkeyPatch, frames: int) -> None:
    """Sequence by sequence, the last one at the end of the sound."""
    config = settings("auido2pose.yaml")
    theirs = load("src.audio2pose_models.audio2pose").Audio2Pose(config, None, "cpu")
    ours = build("full").pose
    alike(theirs, ours)
    heard, rest = random(frames, 80, 16).numpy(), random(1, 1, 70)
    noise = np.random.default_rng(5)
    monkeypatch.setattr(
        torch, "randn", lambda *size: torch.from_numpy(noise.standard_normal(size, np.float32))
    )
    found = theirs.test(
        {"ref": rest, "class": torch.tensor([3]), "num_frames": frames,
         "indiv_mels": torch.from_numpy(heard)[None, :, None]}
    )["pose_pred"][0]  # fmt: skip
    from scipy.signal import savgol_filter

    smooth = savgol_filter(found.numpy(), 13, 2, axis=0)
    close(smooth, poses(ours, heard, rest[0, 0, 64:].numpy(), 5, 3))


@torch.inference_mode()
@pytest.mark.parametrize(
    ("framing", "name"), [("crop", "facerender.yaml"), ("full", "facerender_still.yaml")]
)
def test_motion_of_keypoints(load: Any, framing: Any, name: str) -> None:
    parameters = settings(name).model_params
    theirs, ours = (
        load("src.facerender.modules.mapping").MappingNet(**parameters.mapping_params),
        build(framing).mapping,
    )
    alike(theirs, ours)
    window, points = random(3, parameters.mapping_params["coeff_nc"], 27), random(1, 15, 3)
    motion, found = theirs(window), ours(window)
    for key, value in zip(("yaw", "pitch", "roll", "t", "exp"), found, strict=True):
        close(motion[key], value)
    turned = load("src.facerender.modules.make_animation").keypoint_transformation(
        {"value": points.expand(3, -1, -1)}, motion
    )["value"]
    close(turned, moved(points, found))


@torch.inference_mode()
def test_coefficients(load: Any) -> None:
    theirs = load("src.face3d.models.networks").define_net_recon("resnet50", False, "")
    ours = build("full").regressor
    alike(theirs, ours)
    picture = random(1, 3, 224, 224).abs().clamp(0, 1)
    close(theirs(picture), ours(picture))


@torch.inference_mode()
def test_frames(load: Any) -> None:
    """Keypoints and renderer, a quarter of the published size; the fast one's frames, too.

    The renderer compares in double precision: in single, its threshold on shares of a flow makes either code leave its
    own exact result by some 2e-4 in single pixels, the authors' by more than this one.
    """
    parameters = settings("facerender.yaml").model_params
    module = load("src.facerender.modules.keypoint_detector")
    detector = module.KPDetector(**parameters.kp_detector_params, **parameters.common_params)
    networks = build("full")
    alike(detector, networks.keypoints)
    image = random(1, 3, 128, 128).abs().clamp(0, 1)
    points = networks.keypoints(image)
    close(detector(image)["value"], points)
    module = load("src.facerender.modules.generator")
    theirs = module.OcclusionAwareSPADEGenerator(
        **parameters.generator_params, **parameters.common_params
    )
    ours = networks.generator
    alike(theirs, ours)
    driving = points + 0.05 * random(1, 15, 3)

    def both(kind: Any) -> tuple[Any, Any]:
        picture, at, still = (value.to(kind) for value in (image, driving, points))
        frame = theirs.to(kind)(picture, {"value": at}, {"value": still})["prediction"]
        return frame, ours.to(kind)(ours.source(picture), at, still)

    exact, same = both(torch.float64)
    close(exact, same, 1e-10)
    frame, drawn = both(torch.float32)
    assert (drawn - frame).abs().mean() <= 1e-5
    assert (drawn - exact).abs().max() <= 2 * (frame - exact).abs().max()
    accelerate(ours)
    fast = ours(ours.source(image), driving, points)
    assert (fast - frame).abs().mean() < 0.1 / 255


def test_sound(load: Any) -> None:
    audio = load("src.utils.audio")
    samples = (0.1 * random(32_000).numpy() * np.sin(np.arange(32_000) / 2000)).astype(np.float32)
    theirs = audio.melspectrogram(samples).T
    close(theirs, mel(samples, 16_000))
    speech = Speech((SpeechChunk(samples, 16_000, (), (), ()),))
    for frame in (0, 1, 2, 17, 40):
        start = int(80 * ((frame - 2) / 25))
        rows = np.clip(np.arange(start, start + 16), 0, len(theirs) - 1)
        close(theirs[rows].T, hear(speech, 50)[frame])


def test_windows(load: Any) -> None:
    module = load("src.generate_facerender_batch")
    rows = random(40, 70).numpy()
    plan = Plan(rows, 0, (), np.zeros((40, 0), np.float32), 25)
    for frame in (0, 5, 20, 39):
        wanted = module.transform_semantic_target(rows, frame, 13)
        assert (wanted == plan.windows(range(frame, frame + 1))[0]).all()


def test_alignment(load: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    module = load("src.face3d.util.preprocess")
    place_of = module.POS

    def numbers_of_place(*points: Any) -> Any:
        """It takes arrays of one number for numbers, which NumPy no longer does."""
        shift, scale = place_of(*points)
        return np.ravel(shift), np.ravel(scale)[0]

    monkeypatch.setattr(module, "POS", numbers_of_place)
    standard = load("src.face3d.util.load_mats").load_lm3d(str(Path(CHECKOUT) / "src" / "config"))
    rng = np.random.default_rng(3)
    crop = cv2.GaussianBlur(rng.integers(0, 255, (256, 256, 3), np.uint8), (9, 9), 3)
    from PIL import Image

    for _ in range(5):
        points = standard[:, :2] * rng.uniform(70, 110) + rng.uniform(110, 140, 2)
        points = points + rng.normal(0, 3, points.shape)
        place, picture, _, _ = module.align_img(Image.fromarray(crop), points.copy(), standard)
        ours, where = aligned(crop, points)
        close(np.asarray(picture, np.float32).transpose(2, 0, 1) / 255, ours)
        close(np.hstack([np.ravel(p) for p in place[2:]]), where)


def test_crops(monkeypatch: pytest.MonkeyPatch, load: Any) -> None:
    for name in ("facexlib", "facexlib.alignment", "facexlib.detection", "facexlib.utils"):
        module = ModuleType(name)  # finds faces there; here they are given
        for function in ("landmark_98_to_68", "init_detection_model", "load_file_from_url"):
            setattr(module, function, None)
        monkeypatch.setitem(sys.modules, name, module)
    from PIL import Image

    croper = load("src.utils.croper").Preprocesser
    rng = np.random.default_rng(4)
    picture = Image.new("RGB", (900, 800))
    for _ in range(8):
        face = np.zeros((478, 3), np.float32)
        eyes, mouth = rng.uniform(-4, 4, (2, 2)) + [[400, 330], [445, 420]]
        face[list(RIGHT_LIDS), :2] = eyes + rng.normal(0, 4, (6, 2))
        face[list(LEFT_LIDS), :2] = eyes + [90, 0] + rng.normal(0, 4, (6, 2))
        face[list(MOUTH_CORNERS), :2] = mouth + [[-30, 0], [30, 4]]
        points = np.zeros((68, 2))
        points[36:42], points[42:48] = face[list(RIGHT_LIDS), :2], face[list(LEFT_LIDS), :2]
        points[[48, 54]] = face[list(MOUTH_CORNERS), :2]
        _, crop, quad = croper.align_face(None, picture, points, output_size=512)
        left, top, right, bottom = (int(q) for q in quad)
        box = crop_box(face)
        assert (box.left, box.top) == (crop[0] + left, crop[1] + top)
        assert (box.width, box.height) == (right - left, bottom - top)
