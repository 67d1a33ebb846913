"""Folders of Ray: in use, left behind, somebody else's."""

import subprocess
import sys
from pathlib import Path

from serve_app.private_ray import clear_away, hold

KILLED = """
import os, signal, sys
from pathlib import Path
from serve_app.private_ray import hold
lock = hold(Path(sys.argv[1]))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_only_what_the_killed_have_left_is_cleared_away(tmp_path: Path) -> None:
    used, left, other = (tmp_path / f"prosopon-{name}" for name in ("used", "left", "other"))
    for folder in (used, left, other):
        (folder / "session").mkdir(parents=True)
    killed = subprocess.run([sys.executable, "-c", KILLED, left], check=False)
    assert killed.returncode < 0
    with hold(used):
        clear_away(tmp_path)
        assert {path.name for path in tmp_path.iterdir()} == {used.name, other.name}
    clear_away(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [other.name]
