"""Whether a face can be animated: what stands against it, what should be known, in the picture's own numbers."""

from __future__ import annotations

import importlib.resources
from functools import cache
from typing import Any

import cv2

from backends.faces.detect import SMALLEST, Face, head_angles, visible_share
from backends.faces.features import Mouth, eye_openings, look_at_mouth
from backends.types import ImageArray, Notice

MAX_YAW_DEG = 40.0
MAX_ROLL_DEG = 50.0
NATURAL_YAW_DEG = 30.0
"""Turned further, a face can be animated but looks less natural."""
LEAST_SURE = 0.6
"""The detector's confidence; faces in bad light have 0.75, patterns that are none 0.5."""
LEAST_VISIBLE = 0.7
"""Share of a face that lies inside the picture."""
SHUT_EYES = 0.17
"""Mean of both eyes' openings; below it they are closed or look down. Open ones have 0.2 to 0.4."""
OPEN_MOUTH = 0.25
"""Eye distances between the lips; a broad smile has up to 0.23."""

_SEARCHED = 800  # pixels of a picture in which the cascades look


def problem_of(pixels: ImageArray, face: Face, subject: str) -> str:
    """Why a face cannot be animated; empty when it can.

    Args:
        pixels: (h, w, 3) uint8 RGB, in which the face was found.
        subject: what messages call the face: "the face in a.jpg".
    """
    angles = head_angles(face)
    if face.box.width < SMALLEST:
        return (
            f"{subject} is {int(face.box.width)} pixels wide, at least {SMALLEST} are needed; "
            "use a larger picture or a closer one"
        )
    if face.score < LEAST_SURE:
        return (
            f"{subject} is hardly one, its detector is {face.score:.0%} sure and {LEAST_SURE:.0%} is "
            "needed; use a picture in which a person's face is well lit and not covered"
        )
    if (visible := visible_share(face.box, pixels)) < LEAST_VISIBLE:
        return (
            f"{subject} is cut by the edge of the image, {visible:.0%} of it is inside and "
            f"{LEAST_VISIBLE:.0%} are needed; use a picture that shows the whole face"
        )
    if abs(angles.roll) > MAX_ROLL_DEG:
        return (
            f"{subject} lies {abs(angles.roll):.0f} degrees on its side, at most "
            f"{MAX_ROLL_DEG:.0f} can be animated; turn it upright"
        )
    if abs(angles.yaw) > MAX_YAW_DEG:
        return (
            f"{subject} is turned {abs(angles.yaw):.0f} degrees to the side, at most "
            f"{MAX_YAW_DEG:.0f} can be animated; use a picture that looks towards the camera"
        )
    mouth = look_at_mouth(pixels, face)
    return _covered(mouth, subject) if mouth.covered else ""


def notices_of(pixels: ImageArray, face: Face, subject: str) -> tuple[Notice, ...]:
    """What someone should know of a face that can be animated."""
    found = []
    eyes = sum(eye_openings(face)) / 2
    if eyes < SHUT_EYES:
        found.append(
            Notice(
                "eyes_closed",
                f"the eyes of {subject} are closed or look down: their lids are {eyes:.2f} of an eye's width "
                f"apart, {SHUT_EYES:.2f} or more in open eyes; with open eyes it will look more alive",
            )
        )
    mouth = look_at_mouth(pixels, face)
    if mouth.dark:
        found.append(
            Notice(
                "little_light",
                f"{subject} is dark: its brighter parts have {mouth.light:.0f} of 255; with more light it will be "
                "animated better, and something before its mouth would be noticed",
            )
        )
    if mouth.opening > OPEN_MOUTH:
        found.append(
            Notice(
                "mouth_open",
                f"the mouth of {subject} is wide open, {mouth.opening:.2f} of the distance between the eyes, up to "
                f"{OPEN_MOUTH:.2f} in a smile; with a closed mouth it will speak more naturally",
            )
        )
    yaw = abs(head_angles(face).yaw)
    if yaw > NATURAL_YAW_DEG:
        found.append(
            Notice(
                "turned_away",
                f"{subject} is turned {yaw:.0f} degrees to the side; up to {NATURAL_YAW_DEG:.0f} look natural",
            )
        )
    return tuple(found)


def why_no_face(pixels: ImageArray, name: str) -> str:
    """What to tell of a picture in which no face was found."""
    height, width = pixels.shape[:2]
    size = f"{name} ({width} x {height} pixels)"
    if _seen_by("frontalcatface_extended", pixels):
        return f"no face of a person found in {size}: it looks like an animal; use a picture of a person"
    if _seen_by("profileface", pixels) or _seen_by("profileface", pixels[:, ::-1]):
        return (
            f"no face found in {size} that looks towards the camera, only one seen from the side; "
            f"at most {MAX_YAW_DEG:.0f} degrees to the side can be animated"
        )
    return (
        f"no face found in {size}; "
        "use one where a person looks towards the camera and the face is well lit and not covered"
    )


def _covered(mouth: Mouth, subject: str) -> str:
    return (
        f"the mouth of {subject} is covered or out of sight: lips stand out from what is around them "
        f"by {mouth.lips:.1f}, at least 1.0 is needed; use a picture of a person without a hand, mask "
        "or microphone before the mouth"
    )


def _seen_by(cascade: str, pixels: ImageArray) -> bool:
    """Whether one of OpenCV's cascades finds what it is trained on."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    scale = min(1.0, _SEARCHED / max(grey.shape))
    if scale < 1:
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    least = (SMALLEST, SMALLEST)
    return len(_cascade(cascade).detectMultiScale(grey, 1.1, 3, minSize=least)) > 0


@cache
def _cascade(name: str) -> Any:
    data = importlib.resources.files("cv2") / "data" / f"haarcascade_{name}.xml"
    return cv2.CascadeClassifier(str(data))
