"""The runner of peers' scripts, on a script that stands in for one."""

import json
import shutil
import sys
from pathlib import Path

import pytest

from benchmarks.quality import peers
from benchmarks.quality.peers import Given, Peer, PeerError, main, named, run


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What a user would have cloned, its weights beside it."""
    folder = tmp_path / "a checkout"
    folder.mkdir()
    shutil.copy(Path(__file__).parent / "standin.py", folder / "inference.py")
    (tmp_path / "weights.pth").write_text("weights", encoding="utf-8")
    return folder


@pytest.fixture
def like_the_rig(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rig, which needs no weights, against a script that is called as Wav2Lip's."""
    real = peers.PEERS["wav2lip"]
    stand_in = Peer("rig", lambda _: {}, real.command, real.folders)
    monkeypatch.setattr(peers, "PEERS", {"wav2lip": stand_in})


@pytest.mark.judge
def test_both_are_timed_and_judged(
    checkout: Path, like_the_rig: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found, kept = tmp_path / "found.json", tmp_path / "kept"
    weights = checkout.parent / "weights.pth"
    status = main(
        [
            f"--reference=wav2lip={checkout}", f"--weights=wav2lip={weights}", "--size=384",
            "--text=My baby brother Bob may buy a boat.", f"--json={found}", f"--keep={kept}",
        ]
    )  # fmt: skip
    assert status == 0
    result = json.loads(found.read_text("utf-8"))
    [pair] = result["pairs"]
    for cost in (*pair["ours"], *pair["theirs"]):
        assert cost["wall_s"] > 0 and cost["cpu_s"] > 0 and cost["peak_mib"] > 1
    mine, others = result["clips"]
    assert mine["clip"] == "wav2lip, ours" and others["clip"] == "wav2lip, theirs"
    assert mine["agreement"] > others["agreement"]
    assert others["gap_p95"] < 0.02 < mine["gap_p95"]
    assert len(list(kept.glob("*.mp4"))) == 2
    said = capsys.readouterr().out
    assert "theirs / ours" in said and "No ground truth" in said


def test_a_script_that_fails_says_why(checkout: Path, like_the_rig: None, tmp_path: Path) -> None:
    weights = tmp_path / "weights.pth"
    weights.write_text("<html>not found</html>", encoding="utf-8")
    material, folder = tmp_path / "material", tmp_path / "work"
    for place in (material, folder):
        place.mkdir()
    for file in (peers.FACE, peers.SOUND):
        (material / file).write_bytes(b"")
    given = Given(checkout, weights, sys.executable)
    with pytest.raises(PeerError, match=r"failed\n(.*\n)*cannot load '<html>"):
        peers.theirs("wav2lip", given, material, folder)


def test_a_script_that_hangs_is_ended(tmp_path: Path) -> None:
    with pytest.raises(PeerError, match="took longer than"):
        run([sys.executable, "-c", "import time; time.sleep(600)"], tmp_path, limit_s=0.2)


def test_a_python_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(PeerError, match="cannot be started"):
        run([str(tmp_path / "python"), "inference.py"], tmp_path)


def test_what_a_process_costs(tmp_path: Path) -> None:
    busy = "import time\nwhile time.process_time() < 0.3: bytes(1000)"
    cost = run([sys.executable, "-c", busy], tmp_path)
    assert cost.wall_s >= 0.3 and cost.cpu_s >= 0.3
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {busy!r}])"
    assert run([sys.executable, "-c", child], tmp_path).cpu_s >= 0.3


@pytest.mark.parametrize("name", peers.PEERS)
def test_scripts_are_called_without_a_shell(name: str) -> None:
    given = Given(Path("/a b/c;d"), Path("/w $x"), "python")
    command = peers.PEERS[name].command(given)
    assert "/a b/c;d/inference.py" in command and "/w $x" in command


@pytest.mark.parametrize("pair", ["wav2lip", "wav2lip=", "somebody=/path", "=/path", ""])
def test_names_that_are_not_known(pair: str) -> None:
    with pytest.raises(SystemExit, match="NAME=PATH"):
        named([pair], "--reference")


def test_weights_are_asked_for(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="--weights wav2lip=PATH"):
        main([f"--reference=wav2lip={tmp_path}"])
