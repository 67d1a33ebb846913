"""One lock for everything: what pyproject.toml asks for, what the lock holds, and what is installed."""

import re
import subprocess
import sys
import sysconfig
import tomllib
from importlib.metadata import distributions, version
from importlib.util import find_spec
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
FULL = all(find_spec(name) for name in ("torch", "TTS", "espnet2", "reflex"))

full = pytest.mark.skipif(not FULL, reason="the light set is installed; run: make test")


def locked() -> dict[str, Version]:
    """Versions by name, of what applies to this machine."""
    lines = (ROOT / "requirements.lock").read_text("utf-8").splitlines()
    found = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {
        canonicalize_name(r.name): Version(str(r.specifier).removeprefix("=="))
        for r in found
        if r.marker is None or r.marker.evaluate()
    }


def asked() -> list[Requirement]:
    """Everything that pyproject.toml names."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    lines = [*project["dependencies"], *(line for extra in extras for line in extra)]
    return [Requirement(line) for line in lines]


def installed() -> dict[str, Version]:
    """Not by `sys.path`, which setuptools lengthens by its own copies when something imports it."""
    folders = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    return {canonicalize_name(d.name): Version(d.version) for d in distributions(path=folders)}


def test_the_lock_has_a_fitting_version_of_everything_asked_for() -> None:
    lock = locked()
    for requirement in asked():
        name = canonicalize_name(requirement.name)
        if name != "prosopon":
            assert name in lock, f"{name} is not locked; run: make lock"
            assert requirement.specifier.contains(lock[name], prereleases=True), name


def test_every_line_of_the_lock_is_an_exact_version() -> None:
    for line in (ROOT / "requirements.lock").read_text("utf-8").splitlines():
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9._+-]+( ; .+)?", line), line


def test_what_is_installed_is_what_is_locked() -> None:
    lock, here = locked(), installed()
    if not FULL:
        here.pop("setuptools", None)  # venv's own; only torch brings another
    differing = {
        name: (str(here[name]), str(lock[name]))
        for name in here.keys() & lock.keys()
        if Version(here[name].public) != lock[name]  # torch has its build's label
    }
    assert not differing, "installed and locked differ; run: make setup"


@pytest.mark.parametrize("name", ["jax", "jaxlib", "opencv-contrib-python", "sounddevice"])
def test_what_mediapipe_asks_for_in_vain_stays_out(name: str) -> None:
    assert name not in locked() and name not in installed()


def test_opencv_needs_no_display_libraries() -> None:
    """The headless build: it loads where there is no libGL, which nothing of it is linked to."""
    assert "opencv-python-headless" in installed() and "opencv-python" not in installed()
    code = (
        "import cv2, sys;"
        "maps = open('/proc/self/maps').read();"
        "sys.exit('libGL' in maps or 'libQt' in maps)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@full
def test_torch_is_the_locked_one_and_brings_no_cuda_where_pip_finds_a_cpu_build() -> None:
    torch = Version(version("torch"))
    assert Version(torch.public) == locked()["torch"]
    if torch.local == "cpu":
        assert not [name for name in installed() if name.startswith("nvidia-")]
