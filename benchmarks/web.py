"""The web app before real browsers: how soon pages are there, how soon they answer, and whether anything piles up.

    python -m benchmarks.web [--jobs 500] [--streams 50] [--browsers 3]

Runs a service of its own with its web app on two cores, and Chromium on the same ones. Prints what it finds against the
bars and writes benchmarks/results/web.json.
"""

import argparse
import asyncio
import json
import os
import shutil
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import psutil
from playwright.async_api import Browser, BrowserContext, Page, async_playwright
from rich.console import Console

from benchmarks.machine import keep, stamp
from benchmarks.web_jobs import made_up_service
from serve_app.config import read_serve_config
from serve_app.service import LocalService
from serve_app.web import WebApp, let_in

CORES = 2
VISITS = 5
TIMES = 7
"""Each interaction."""
_CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_PATIENCE_MS = 120_000
_NO_MACHINE_CODE = "--js-flags=--jitless"
"""The engine counts what it compiles as memory of the page, and compiles more for as long as something gets hot: of
30 jobs' growth 96 % was compiled code, and strings, closures and objects were as many as before."""
_TEXT = "This is a sentence that takes a little while to be spoken aloud. " * 3
_FIRST_SEEN = """
window.seen = {};
new MutationObserver(() => {
  for (const [name, selector] of Object.entries({usable: ".chip[data-emotion=happy]", ready: ".badge[data-fit]"}))
    if (!(name in seen) && document.querySelector(selector)) seen[name] = performance.now();
}).observe(document, {subtree: true, childList: true, attributes: true});
"""
_RESPONSE = """(condition) => {
  const holds = new Function("return " + condition);
  window.response = new Promise((done) => {
    let begun = 0;
    for (const kind of ["pointerdown", "keydown"])
      addEventListener(kind, (event) => { begun ||= event.timeStamp; }, {capture: true, once: true});
    const look = () => (begun && holds() ? requestAnimationFrame(() => done(performance.now() - begun))
      : requestAnimationFrame(look));
    look();
  });
}"""
"""Milliseconds from the next touch until the condition holds and has been painted."""


async def visits(browser: Browser, url: str) -> dict[str, Any]:
    """Browsers that were never here before: seconds until something is painted, until it works, until the portrait
    has been looked at; and what they loaded."""
    found: dict[str, list[float]] = {"painted": [], "usable": [], "ready": []}
    for _ in range(VISITS):
        context = await browser.new_context()
        page = await context.new_page()
        await page.add_init_script(_FIRST_SEEN)
        bytes_by_kind: Counter[str] = Counter()
        loaded: list[Any] = []
        page.on("requestfinished", _into(loaded))
        await page.goto(url)
        await page.locator(".badge[data-fit]").wait_for(timeout=_PATIENCE_MS)
        await page.wait_for_load_state("networkidle")
        seen = await page.evaluate("seen")
        paint = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
        seen["painted"] = await page.evaluate(paint)
        for name, times in found.items():
            times.append(seen[name] / 1000)
        for request in loaded:
            bytes_by_kind[request.resource_type] += (await request.sizes())["responseBodySize"]
        await context.close()
    weight = {kind: round(size / 1000, 1) for kind, size in bytes_by_kind.most_common() if size}
    weight["all"] = round(sum(bytes_by_kind.values()) / 1000, 1)
    return {"seconds": {n: spread(t) for n, t in found.items()}, "kilobytes": weight}


def _into(loaded: list[Any]) -> Callable[[Any], None]:
    """Playwright marks the functions that it calls, which `append` does not take."""

    def note(request: Any) -> None:
        loaded.append(request)

    return note


async def responses(context: BrowserContext, url: str) -> dict[str, Any]:
    """Milliseconds from a touch to what is seen of it."""
    page = await context.new_page()
    page.set_default_timeout(_PATIENCE_MS)
    await page.goto(url)
    await page.locator(".badge[data-fit]").wait_for()
    found: dict[str, list[float]] = {}

    async def timed(name: str, act: Any, seen: str) -> None:
        await page.evaluate(_RESPONSE, seen)
        await act
        found.setdefault(name, []).append(await page.evaluate("response"))

    words = "document.querySelector('textarea.words').value"
    for number in range(TIMES):
        cues = f"document.querySelectorAll('.ink mark').length == {number + 1}"
        await timed("cue button", page.locator(".chip").nth(number).click(), cues)
    await page.locator("textarea.words").focus()
    for letter in "abcdefg"[:TIMES]:
        inked = f"{words}.endsWith('{letter}') && document.querySelector('.ink').innerText.includes('{letter}')"
        await timed("typing", page.keyboard.press(letter), inked)
    for number in range(TIMES):
        tile = page.locator(".tile[aria-pressed=false]").first
        title = await tile.get_attribute("title")
        pressed = (
            f"document.querySelector('.tile[aria-pressed=true]')?.title == {json.dumps(title)}"
        )
        await timed("portrait", tile.click(), pressed)
        dark = number % 2 == 0
        themed = f"document.documentElement.classList.contains('dark') == {str(dark).lower()}"
        await timed("light or dark", page.locator(".header .tools .round").click(), themed)
    for number in range(TIMES):
        path, selector = (("/videos", ".history"), ("/", ".studio"))[number % 2]
        there = f"document.querySelector('main{selector} h1') != null"
        await timed("page", page.locator(f".header nav a[href='{path}']").click(), there)
    await page.close()
    return {name: spread(times, 1) for name, times in found.items()}


async def crowd(contexts: Sequence[BrowserContext], url: str, streams: int) -> dict[str, Any]:
    """Browsers that each make a video, and many more streams of events about them: every stream sees the end."""
    followed = await asyncio.gather(*(_make(context, url) for context in contexts))
    async with httpx.AsyncClient(timeout=_PATIENCE_MS / 1000, trust_env=False) as http:
        watched = [_watch(http, followed[n % len(followed)][1]) for n in range(streams)]
        own = [page.locator("#download").wait_for() for page, _ in followed]
        ends, _ = await asyncio.gather(
            asyncio.gather(*watched, return_exceptions=True), asyncio.gather(*own)
        )
    for page, _ in followed:
        await page.close()
    broken = [end for end in ends if not isinstance(end, tuple)]
    finished = [end for end in ends if isinstance(end, tuple) and end[1] == "succeeded"]
    return {
        "browsers": len(contexts),
        "streams": streams,
        "finished": len(finished),
        "broken": [repr(end) for end in broken],
        "events": sum(end[0] for end in finished),
    }


async def _make(context: BrowserContext, url: str) -> tuple[Page, str]:
    """The page of a video that is being made, and the address of its events."""
    page = await context.new_page()
    page.set_default_timeout(_PATIENCE_MS)
    await page.goto(url)
    await page.locator(".badge[data-fit]").wait_for()
    await page.locator("textarea.words").fill(_TEXT)
    async with page.expect_request("**/events") as asked:
        await page.locator("#make").click()
    return page, (await asked.value).url


async def _watch(http: httpx.AsyncClient, url: str) -> tuple[int, str]:
    """How many events came, and the last one's status."""
    count, status = 0, ""
    async with http.stream("GET", url) as answer:
        async for line in answer.aiter_lines():
            if line.startswith("data:"):
                count, status = count + 1, json.loads(line[5:])["status"]
    return count, status


async def following(browser: Browser, url: str, jobs: int) -> dict[str, Any]:
    """One tab that follows many made-up videos from beginning to end: megabytes of its scripts' memory and of the app's
    process, all along."""
    context = await browser.new_context()
    page = await context.new_page()
    page.set_default_timeout(_PATIENCE_MS)
    tools = await context.new_cdp_session(page)
    await page.goto(f"{url}/video?id=0")
    memory: list[dict[str, float]] = []
    for job in range(1, jobs + 1):
        await page.locator("#download").wait_for()
        if job % max(1, jobs // 20) == 0:
            await tools.send("HeapProfiler.collectGarbage")
            used = (await tools.send("Runtime.getHeapUsage"))["usedSize"]
            mine = {"tab": round(used / 1e6, 2), "app": round(_app_bytes(url) / 1e6, 1)}
            memory.append({"jobs": job, **mine})
        await page.evaluate(f"window.__reactRouterDataRouter.navigate('/video?id={job}')")
        await page.locator(f"#download[href*='/{job}/']").wait_for()
    await context.close()
    return {"jobs": jobs, "memory": memory}


def _app_bytes(url: str) -> int:
    """Of the processes of the web app that listens there."""
    port = url.rpartition(":")[2]
    for process in psutil.Process().children(recursive=True):
        if "frontend" in process.cmdline() and port in process.cmdline():
            family = (process, *process.children(recursive=True))
            return sum(one.memory_info().rss for one in family)
    return 0


def spread(values: Sequence[float], digits: int = 2) -> dict[str, float]:
    return {
        "median": round(statistics.median(values), digits),
        "worst": round(max(values), digits),
    }


def growth(memory: Sequence[dict[str, float]], of: str) -> float:
    """Of the last quarter over the second one: the first fills caches."""
    quarter = len(memory) // 4
    quarters = (memory[quarter : 2 * quarter], memory[3 * quarter :])
    early, late = (statistics.mean(at[of] for at in part) for part in quarters)
    return round(late / early - 1, 4)


def bars(found: dict[str, Any]) -> Iterator[tuple[str, bool]]:
    crowd, memory = found["crowd"], found["following"]["memory"]
    yield "first page usable <= 2 s", found["visits"]["seconds"]["usable"]["median"] <= 2
    for name, times in found["responses"].items():
        yield f"{name}: seen within 100 ms", times["median"] <= 100
    yield "every stream sees the end", crowd["finished"] == crowd["streams"]
    for of in ("tab", "app"):
        yield f"memory of the {of} stays flat", growth(memory, of) <= 0.05


async def run(options: argparse.Namespace, url: str, made_up: str) -> dict[str, Any]:
    told = Console()
    found: dict[str, Any] = {}
    chromium = next(filter(None, map(shutil.which, _CHROMIUMS)), None)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        plain = await playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", _NO_MACHINE_CODE]
        )
        contexts = [await browser.new_context() for _ in range(options.browsers)]
        measures: dict[str, Callable[[], Awaitable[Any]]] = {
            "visits": lambda: visits(browser, url),
            "responses": lambda: responses(contexts[0], url),
            "crowd": lambda: crowd(contexts, url, options.streams),
            "following": lambda: following(plain, made_up, options.jobs),
        }
        for name, measure in measures.items():
            found[name] = await measure()
            told.print(name, found[name])
        await browser.close()
        await plain.close()
    found["bars"] = dict(bars(found))
    told.print(found["bars"])
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--jobs", type=int, default=500, help="that one tab follows")
    parser.add_argument("--streams", type=int, default=50, help="of events at once")
    parser.add_argument("--browsers", type=int, default=3)
    options = parser.parse_args()
    head = stamp()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="prosopon-web-")))
        app, other = WebApp(0), WebApp(0)
        config = let_in(read_serve_config("lightweight"), app.origins)
        service = LocalService(config, port=0, folder=folder)
        running.enter_context(app.beside(service.url))
        app.wait()  # one of them builds the pages
        running.enter_context(other.beside(running.enter_context(made_up_service(*other.origins))))
        running.enter_context(service)
        other.wait()
        found = asyncio.run(run(options, app.url, other.url))
    row = {
        **head,
        "asked": vars(options),
        **found,
    }
    keep("web", row)
    return int(not all(found["bars"].values()))


if __name__ == "__main__":
    sys.exit(main())
