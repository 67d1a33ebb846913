"""What all tests share: a home folder of their own, and the account of the engines they exercised."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import settings

from backends import animation, speech

CONTRACTS = {
    "tests/contract/test_speech_engines.py": frozenset(speech.ENGINES),
    "tests/contract/test_animation_engines.py": frozenset(animation.ENGINES),
}
"""The tests that every engine of a table has to pass; an engine's name is a parameter of them."""

settings.register_profile("prosopon", deadline=None)  # a busy machine is no failure
settings.load_profile("prosopon")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--all-engines",
        action="store_true",
        help="fail when an engine of the tables passed no contract test",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--all-engines") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(EngineAccount())


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With `-n`, a file stays in one process, for its fixtures' sake; all that start a Ray cluster, in one; and the
    browsers' tests in one of their own: Playwright keeps its process's event loop."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            folder = item.nodeid.split("/")[1]
            group = folder if folder in ("serve", "web") else item.path.stem
            item.add_marker(pytest.mark.xdist_group(group))


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes and long texts are numbered: an id is read by people, and has to be the same in every worker process."""
    return argname if isinstance(val, bytes) or (isinstance(val, str) and len(val) > 80) else None


class EngineAccount:
    """Counts the engines that passed a contract test, over all worker processes."""

    def __init__(self) -> None:
        self.missing = {file: set(engines) for file, engines in CONTRACTS.items()}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        file, _, test = report.nodeid.partition("::")
        if report.when == "call" and report.passed and file in self.missing:
            parameters = re.search(r"\[([^\]]*)\]", test)
            self.missing[file].difference_update(parameters[1].split("-") if parameters else ())

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if any(self.missing.values()) and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for file, engines in self.missing.items():
            if engines:
                names = ", ".join(sorted(engines))
                terminalreporter.write_line(f"NOT EXERCISED by {file}: {names}", red=True)


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """State, caches and weights go to a folder that pytest removes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROSOPON_HOME", str(tmp_path_factory.mktemp("home")))
        yield
