"""Portraits that come inside pinned packages: nothing to download, nothing to ask for."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from backends.errors import EngineUnavailableError, UnknownPortraitError


@dataclass(frozen=True, slots=True)
class Preset:
    id: str
    title: str
    credit: str
    licence: str
    package: str
    """Import name of the package that carries the picture."""
    file: str
    """The picture's path inside it."""

    @property
    def path(self) -> Path:
        """Where the picture lies on this machine; its package is looked up, not imported.

        Raises:
            EngineUnavailableError: the package is not installed.
        """
        spec = importlib.util.find_spec(self.package)
        for folder in spec.submodule_search_locations or () if spec else ():
            path = Path(folder) / self.file
            if path.is_file():
                return path
        raise EngineUnavailableError(
            f"the portrait preset:{self.id} comes inside the package {self.package}, "
            "which is not installed; run: pip install 'prosopon[rig]'"
        )


_ALL = (
    Preset(
        id="astronaut",
        title="Eileen Collins, astronaut",
        credit="NASA",
        licence="public domain (work of the US government)",
        package="skimage",
        file="data/astronaut.png",
    ),
    Preset(
        id="hopper",
        title="Grace Hopper, computer scientist",
        credit="James S. Davis, US Navy, 1984",
        licence="public domain (work of the US government)",
        package="matplotlib",
        file="mpl-data/sample_data/grace_hopper.jpg",
    ),
)
PRESETS: Mapping[str, Preset] = MappingProxyType({preset.id: preset for preset in _ALL})


def preset(name: str) -> Preset:
    """The preset of that name, with or without "preset:" in front.

    Raises:
        UnknownPortraitError: there is none of that name.
    """
    found = PRESETS.get(name.removeprefix("preset:"))
    if found is None:
        raise UnknownPortraitError(
            f"no portrait is called {name!r}; there are: {', '.join(sorted(PRESETS))}"
        )
    return found
