"""The arrows between the folders, and the habits that keep modules light and safe to import."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

import pytest

from backends import animation, speech
from tests.conftest import CONTRACTS

ROOT = Path(__file__).parents[2]
FOLDERS = ("backends", "serve_app", "frontend", "benchmarks", "cluster", "configs")
ENGINE_LIBRARIES = frozenset(
    {"cv2", "espnet2", "mediapipe", "numba", "onnxruntime", "piper", "skimage", "torch", "TTS"}
)
FORBIDDEN = {
    "backends": {"ray", "fastapi", "starlette", "httpx", "serve_app", "frontend", "benchmarks"},
    "serve_app": {"frontend", "benchmarks"},
    "frontend": {"backends", "serve_app", "ray", "benchmarks"},
    "cluster": {"ray", "frontend", "benchmarks"},
}
"""What a folder never imports, wherever in its modules."""
CLIENTS = {"backends/speech/openai.py": {"httpx"}}
"""Engines that are servers elsewhere."""
HOSTS = frozenset({"benchmarks/sadtalker.py", "benchmarks/wav2lip.py"})
"""They run a script of others, out of its checkout, beside ours."""


def modules(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imports(tree: ast.AST) -> Iterator[str]:
    """Top-level names of everything that is imported below a node."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield (node.module or "").partition(".")[0]


def at_import(tree: ast.Module) -> Iterator[ast.stmt]:
    """Statements that run when the module is imported: not what only type checkers see."""
    for node in tree.body:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from node.orelse
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node


def names(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


def every_module() -> list[Path]:
    return [path for folder in FOLDERS for path in modules(folder)]


def test_there_is_something_to_look_at() -> None:
    assert len(modules("backends")) > 10 and len(modules("serve_app")) > 10


@pytest.mark.parametrize("folder", FORBIDDEN)
def test_arrows_run_one_way(folder: str) -> None:
    offenders = {
        name: sorted(found)
        for path, name in zip(modules(folder), names(modules(folder)), strict=True)
        if (
            found := FORBIDDEN[folder].intersection(imports(parsed(path)))
            - CLIENTS.get(name, set())
        )
    }
    assert not offenders


@pytest.mark.parametrize("path", modules("serve_app"), ids=names(modules("serve_app")))
def test_serve_app_imports_no_engine_library_at_module_level(path: Path) -> None:
    found = {name for node in at_import(parsed(path)) for name in imports(node)}
    assert not found & ENGINE_LIBRARIES


def loaded_by(statement: str) -> set[str]:
    """Top-level modules that a fresh interpreter has after a statement."""
    report = "import json, sys; sys.stdout.write(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", f"{statement}; {report}"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    return {name.partition(".")[0] for name in json.loads(done.stdout)}


ALL_OF_BACKENDS = "import backends, " + ", ".join(
    f"backends.{path.parent.name}" for path in sorted((ROOT / "backends").glob("*/__init__.py"))
)


@pytest.mark.parametrize(
    "statement", [ALL_OF_BACKENDS, "import serve_app.app", "import serve_app.local"]
)
def test_importing_loads_no_engine(statement: str) -> None:
    assert not loaded_by(statement) & ENGINE_LIBRARIES


def test_the_command_lines_help_loads_neither_engines_nor_ray_nor_http() -> None:
    loaded = loaded_by("import serve_app.cli.app")
    assert "typer" in loaded
    assert not loaded & (ENGINE_LIBRARIES | {"ray", "fastapi", "httpx", "av", "scipy", "num2words"})


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


@pytest.mark.parametrize("path", every_module(), ids=names(every_module()))
def test_no_shell_no_print_no_path_tricks(path: Path) -> None:
    tree = parsed(path)
    for call in calls(tree):
        called = ast.unparse(call.func)
        assert called not in {"print", "eval", "exec", "os.system", "os.popen"}, called
        for keyword in call.keywords:
            shell = keyword.arg == "shell" and ast.unparse(keyword.value) != "False"
            assert not shell, f"{called} with a shell"
    for node in ast.walk(tree):
        changes_path = isinstance(node, ast.Attribute) and ast.unparse(node) == "sys.path"
        assert not changes_path or str(path.relative_to(ROOT)) in HOSTS
        assert not isinstance(node, ast.Global), "no module changes its globals"


@pytest.mark.parametrize(
    "target", [*speech.ENGINES.values(), *animation.ENGINES.values()], ids=lambda t: str(t)
)
def test_every_line_of_the_engine_tables_names_a_class(target: str) -> None:
    module, _, name = target.partition(":")
    spec = find_spec(module)
    assert spec is not None and spec.origin is not None
    origin = Path(spec.origin)
    sources = [origin] if origin.name != "__init__.py" else sorted(origin.parent.glob("*.py"))
    classes = {n.name for s in sources for n in ast.walk(parsed(s)) if isinstance(n, ast.ClassDef)}
    assert name in classes


@pytest.mark.parametrize("group", ["speech", "animation"])
def test_entry_points_take_no_name_of_the_table(group: str) -> None:
    table = {"speech": speech.ENGINES, "animation": animation.ENGINES}[group]
    assert not {e.name for e in entry_points(group=f"prosopon.{group}_engines")} & set(table)


@pytest.mark.parametrize("file", CONTRACTS)
def test_contract_tests_run_over_the_whole_table(file: str) -> None:
    """Their parameters come from the table itself, so that no engine can be left out."""
    fixtures = [ast.unparse(call) for call in calls(parsed(ROOT / file))]
    assert any("fixture(" in text and "params=" in text and "ENGINES" in text for text in fixtures)


def test_modules_stay_small() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in every_module()
    }
    assert not {name: lines for name, lines in lengths.items() if lines > 400}
