"""The web app as people use it: a browser before `prosopon serve`."""

import io
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
import psutil
import pytest
from PIL import Image

from backends.faces.presets import preset
from tests.unit.faces.video_files import encoded, swaying
from tests.unit.speech.sound_files import encoded as recorded
from tests.unit.speech.sound_files import said, tone
from tests.web.conftest import PATIENCE_MS, Site, Visitor, wait_for
from tests.web.small_service import small_service

pytestmark = pytest.mark.timeout(900)  # the first one waits for the pages to be built, and for Ray
Visit = Callable[..., Visitor]
Film = Callable[[], Visitor]
LONG = "This is a sentence that takes a little while to be spoken aloud. " * 4
SHORT = "Hello there!"
_REMEMBER = """() => {
  window.seen = {live: false, played: false, shares: []};
  const bar = () => document.querySelector("[role=progressbar]");
  new MutationObserver(() => {
    if (!bar()) return;
    seen.shares.push(bar().getAttribute("aria-valuenow"));
    seen.live ||= Boolean(document.querySelector("[data-live]"));
  }).observe(document, {subtree: true, childList: true, attributes: true});
  const plays = (event) => { seen.played ||= Boolean(bar() && event.target.currentTime > 0); };
  document.addEventListener("timeupdate", plays, true);
}"""
"""What is on the page only while a video is made, however short that is: its progress, and that it plays already."""


def picture(tmp_path: Path, colour: str = "#7aa0c0") -> Path:
    """Without a face."""
    path = tmp_path / "wall.png"
    Image.new("RGB", (400, 300), colour).save(path)
    return path


def test_a_first_visit_ends_with_a_video_of_what_was_typed(visit: Visit, tmp_path: Path) -> None:
    me = visit()
    page = me.page
    me.studio()
    page.get_by_role("button", name="Grace Hopper").click()
    page.get_by_text("Ready to speak").first.wait_for()
    box = page.get_by_role("textbox", name="What they say")
    box.fill("Good morning ")
    box.press("End")
    page.get_by_role("button", name="Insert: happy").click()
    page.keyboard.type("everyone. ")
    page.keyboard.insert_text(2 * LONG)  # long enough to be watched while it is made
    assert box.input_value().startswith("Good morning [happy] everyone.")
    page.locator(".spoken").get_by_text("Good morning", exact=True).wait_for()
    page.locator(".spoken em", has_text="happy").wait_for()
    page.locator("summary").click()
    page.get_by_label("Size").select_option("480")
    page.evaluate(_REMEMBER)
    me.go()

    with page.expect_download() as saved:
        me.finished().click()
    seen = page.evaluate("window.seen")
    assert seen["live"] and seen["played"], "the video plays only once it is finished"
    assert len(set(seen["shares"])) > 1, "the progress does not move"
    path = tmp_path / "clip.mp4"
    saved.value.save_as(path)
    with av.open(str(path)) as clip:
        assert {stream.type for stream in clip.streams} >= {"video", "audio"}
        length_s = clip.duration / av.time_base
    assert length_s > 8
    address = page.get_by_role("link", name="VTT").get_attribute("href")
    captions = httpx.get(address, trust_env=False).text
    assert "Good morning everyone." in " ".join(captions.split())
    timeline = page.get_by_role("group", name="Feelings over time")
    timeline.get_by_role("button", name="happy").first.wait_for()
    assert not me.others, "something was loaded from elsewhere"
    assert not me.faults


def test_an_own_photo_speaks(visit: Visit, tmp_path: Path) -> None:
    me = visit()
    me.studio()
    photo = tmp_path / "me.jpg"
    Image.open(preset("hopper").path).convert("RGB").save(photo)
    me.page.locator(".portrait input[type=file]").set_input_files(photo)
    mine = me.page.get_by_role("button", name="me.jpg")
    mine.wait_for()
    me.page.get_by_text("Ready to speak").first.wait_for()
    assert mine.get_attribute("aria-pressed") == "true"
    # What a tall video will show of it is seen on the picture, and is what the video shows.
    me.page.locator("summary").click()
    me.page.get_by_role("radio", name="Tall").click()
    crop = me.page.locator(".picture .crop")
    crop.wait_for()
    me.page.wait_for_timeout(400)  # it glides there
    box = crop.bounding_box()
    assert abs(box["width"] / box["height"] - 9 / 16) < 0.03
    me.make(SHORT)
    me.finished()
    me.page.get_by_text("270 × 480").wait_for()
    # Again with changes: everything is as it was.
    me.page.get_by_role("button", name="Again, with changes").click()
    box = me.page.get_by_role("textbox", name="What they say")
    wait_for("the text", lambda: box.input_value() == SHORT)
    assert mine.get_attribute("aria-pressed") == "true"
    assert me.page.locator("input[name=aspect][value='9:16']").is_checked()
    # Another one is another one, from the first moment on.
    me.write(LONG)
    me.go()
    assert not me.page.locator("#download").count(), "the video before is shown"
    me.page.get_by_role("button", name="Cancel").click()
    me.page.get_by_role("heading", name="Cancelled").wait_for()


def test_a_short_video_can_be_the_portrait(visit: Visit, tmp_path: Path) -> None:
    me = visit()
    me.studio()
    face = Image.open(preset("astronaut").path).convert("RGB").crop((60, 0, 420, 400))
    clip = tmp_path / "me.mp4"
    clip.write_bytes(encoded(swaying(np.asarray(face), 12)))
    me.page.locator(".portrait input[type=file]").set_input_files(clip)
    mine = me.page.get_by_role("button", name="me.mp4")
    mine.wait_for()
    me.page.get_by_text("Ready to speak").first.wait_for()
    assert mine.locator("img").count() == 1, "its first frame is not shown"


def test_a_picture_without_a_face_is_refused_with_the_reason(visit: Visit, tmp_path: Path) -> None:
    me = visit()
    me.studio()
    me.page.locator(".portrait input[type=file]").set_input_files(picture(tmp_path))
    alert = me.page.get_by_role("alert").filter(has_text="No face")
    alert.wait_for()
    assert not me.page.get_by_text("Ready to speak").count()


def test_a_file_that_is_no_picture_is_refused_before_it_is_sent(
    visit: Visit, tmp_path: Path
) -> None:
    me = visit()
    me.studio()
    path = tmp_path / "notes.txt"
    path.write_text("hello")
    me.page.locator(".portrait input[type=file]").set_input_files(path)
    me.page.get_by_role("alert").filter(has_text="Choose a picture").wait_for()


def test_a_text_that_is_too_long_says_so_and_makes_nothing(visit: Visit) -> None:
    me = visit()
    me.studio()
    me.write("far too long " * 900)
    alert = me.page.get_by_role("alert").filter(has_text="longer than this tier takes")
    alert.first.wait_for()
    me.page.locator("#make").click()
    me.page.locator(".go").get_by_text("longer than this tier takes").wait_for()
    assert "/video" not in me.page.url


def test_an_unknown_cue_is_told_with_the_nearest_one(visit: Visit) -> None:
    me = visit()
    me.studio()
    me.write("I am [hapy] today.")
    me.page.get_by_text("did you mean [happy]?").wait_for()
    assert me.page.locator('mark[data-emotion="unknown"]').inner_text() == "[hapy]"


def test_a_video_can_be_cancelled(visit: Visit) -> None:
    me = visit()
    me.studio()
    me.make(LONG)
    me.page.get_by_role("button", name="Cancel").click()
    me.page.get_by_role("heading", name="Cancelled").wait_for()
    assert me.page.get_by_role("button", name="Again, with changes").is_visible()


def test_a_reload_and_a_second_tab_find_the_work_again_and_it_heals(visit: Visit) -> None:
    me = visit()
    me.studio()
    job = me.make(6 * LONG)  # it outlasts the loading of pages
    me.page.reload()
    me.page.get_by_role("progressbar").wait_for()
    second = me.page.context.new_page()
    second.goto(me.site)
    second.get_by_role("link", name="A video is being made").click()
    second.wait_for_url(f"**/video?id={job}")
    # The connection breaks and comes back.
    me.page.context.set_offline(True)
    me.page.wait_for_timeout(1500)
    me.page.context.set_offline(False)
    for page in (me.page, second):
        page.locator("#download").wait_for()


def test_two_browsers_know_nothing_of_each_other(visit: Visit, http: httpx.Client) -> None:
    me, other = visit(), visit()
    me.studio()
    other.studio()
    job = me.make(SHORT)
    me.finished()
    me.page.goto(f"{me.site}/videos")
    me.page.get_by_role("link", name=SHORT).wait_for()
    other.page.goto(f"{me.site}/videos")
    other.page.get_by_text("No videos yet").wait_for()
    other.page.goto(f"{me.site}/video?id={job}")
    other.page.get_by_role("heading", name="This video is not there").wait_for()
    assert http.get(f"/v1/videos/{job}").status_code == 404

    # Search and delete in one's own.
    search = me.page.get_by_role("searchbox")
    search.fill("nothing of the kind")
    me.page.get_by_text("Nothing fits the search.").wait_for()
    search.fill("hello")
    me.page.get_by_role("link", name=SHORT).wait_for()
    me.page.get_by_role("button", name=f"Delete: {SHORT}").click()
    me.page.get_by_role("button", name="Delete", exact=True).click()
    me.page.get_by_text("No videos yet").wait_for()


def test_a_shared_link_works_for_anyone(film: Film) -> None:
    me = film()
    me.page.get_by_role("button", name="Copy a link").click()
    me.page.get_by_text("The link is copied").wait_for()
    link = me.page.evaluate("navigator.clipboard.readText()")
    found = httpx.get(link, trust_env=False)
    assert found.status_code == 200 and found.headers["content-type"] == "video/mp4"
    assert av.open(io.BytesIO(found.content)).streams.video


def test_a_video_tells_who_made_it_and_with_what(film: Film) -> None:
    me = film()
    badge = me.page.locator("details.seal")
    badge.get_by_text("Unchanged since it was signed").wait_for()
    badge.locator("summary").click()
    told = badge.inner_text()
    assert "AI" in told and "Prosopon" in told and "piper" in told
    assert "development key" in told and "no authority vouches" in told


def test_greek_pages_and_a_greek_text(visit: Visit) -> None:
    me = visit(locale="el-GR")
    page = me.page
    page.goto(me.site)
    page.get_by_role("heading", name="Δώστε σε ένα πρόσωπο τα λόγια σας.").wait_for()
    page.get_by_text("Έτοιμο να μιλήσει").first.wait_for()
    box = page.get_by_role("textbox", name="Τι λέει")
    box.fill("Καλημέρα! ")
    box.press("End")
    page.get_by_role("button", name="Εισαγωγή: χαρά").click()
    page.keyboard.type("Τι ωραία μέρα.")
    page.locator(".spoken em", has_text="χαρούμενα").wait_for()
    assert page.evaluate("document.documentElement.lang") == "el"
    page.locator("summary").click()
    page.get_by_label("Μέγεθος").select_option("480")
    me.go()
    me.finished()
    page.get_by_role("heading", name="Το βίντεό σας").wait_for()
    assert "Καλημέρα! Τι ωραία μέρα." in page.locator("blockquote").inner_text()
    page.get_by_role("button", name="English").click()
    page.get_by_role("heading", name="Your video").wait_for()
    page.reload()
    page.get_by_role("heading", name="Your video").wait_for()


def test_everything_can_be_done_with_the_keyboard(visit: Visit) -> None:
    me = visit()
    page = me.page
    me.studio()

    def on_to(name: str) -> None:
        """Presses Tab until something of that name has the focus."""
        for _ in range(60):
            page.keyboard.press("Tab")
            told = page.evaluate(
                "(() => { const e = document.activeElement;"
                " return e.getAttribute('aria-label') || e.labels?.[0]?.innerText || e.innerText })()"
            )
            if name in (told or ""):
                ring = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                inside = page.evaluate("document.activeElement.matches('textarea')")
                assert inside or ring != "none", f"{name} shows no focus"
                return
        raise AssertionError(f"{name} cannot be reached")

    page.keyboard.press("Tab")
    assert "Skip" in page.evaluate("document.activeElement.innerText")
    page.keyboard.press("Enter")
    on_to("Grace Hopper")
    page.keyboard.press("Space")
    on_to("What they say")
    page.keyboard.type("Hello ")
    on_to("Insert: happy")
    page.keyboard.press("Enter")
    page.keyboard.type("you.")
    assert page.get_by_role("textbox", name="What they say").input_value() == "Hello [happy] you."
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/video?id=*")
    me.finished()


def test_the_service_goes_and_comes_back(
    visit: Visit, lonely: tuple[str, int], tmp_path: Path
) -> None:
    url, port = lonely
    me = visit(url)
    me.page.goto(url)
    me.page.get_by_text("The service does not answer").wait_for()
    me.write("My words stay.")
    box = me.page.get_by_role("textbox", name="What they say")
    with small_service(tmp_path, port, url):
        me.page.get_by_text("Ready to speak").first.wait_for()
        wait_for("the all-clear", lambda: not me.page.locator(".offline").count())
        me.page.get_by_role("button", name="Grace Hopper").wait_for()
        assert box.input_value() == "My words stay."
    me.write("My words stay still.")
    me.page.get_by_text("The service does not answer").wait_for()
    assert box.input_value() == "My words stay still."


def test_a_voice_from_a_recording_speaks_once_its_owner_agreed(
    visit: Visit, lonely: tuple[str, int], tmp_path: Path
) -> None:
    url, port = lonely
    story, short = tmp_path / "anna.wav", tmp_path / "short.wav"
    voice = said("She asked whether the board had seen it. Nobody answered, and the rain went on.")
    samples = np.concatenate([voice.samples] * 2)
    story.write_bytes(recorded(samples, voice.sample_rate))
    short.write_bytes(recorded(tone(2.0)))
    with small_service(tmp_path, port, url):
        me = visit(url)
        page = me.page
        me.studio()
        me.write(SHORT)
        page.locator("#voice").select_option(label="A voice from a recording")
        file, problem = page.locator(".recording input"), page.locator(".go [role=alert]")
        page.locator("#make").click()
        problem.get_by_text("Choose first a recording").wait_for()
        file.set_input_files(short)
        page.locator(".recording").get_by_text("too short").wait_for()
        file.set_input_files(story)
        page.locator(".recorded").get_by_text("anna.wav").wait_for()
        page.locator("#make").click()
        problem.get_by_text("Confirm first").wait_for()
        page.get_by_role("checkbox").check()
        me.make(SHORT)
        me.finished()
        page.locator(".seal summary").click()
        page.locator(".seal").get_by_text("Consent").wait_for()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_has_a_serious_barrier(visit: Visit, film: Film, theme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    me = visit(color_scheme=theme, reduced_motion="reduce")
    me.studio()
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}

    def check(where: str, page: Any = me.page) -> None:
        found = Axe().run(page, options=rules).response["violations"]
        told = [
            (where, v["id"], [node["target"] for node in v["nodes"]])
            for v in found
            if v["impact"] in ("serious", "critical")
        ]
        assert not told

    me.write("Hello [happy] you. I'm [hapy]. [sad] No. [angry] Yes!")
    me.page.locator(".spoken em").first.wait_for()
    me.page.locator("summary").click()
    check("studio")
    if theme == "light":
        me.make(LONG)
        me.page.get_by_role("progressbar").wait_for()
        check("making")
        me.page.get_by_role("button", name="Cancel").click()
        me.page.get_by_role("heading", name="Cancelled").wait_for()
        check("cancelled")
    finished = film()
    finished.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    finished.page.reload()
    finished.finished()
    finished.page.locator(".seal summary").click()
    check("result", finished.page)
    finished.page.close()
    me.page.goto(f"{me.site}/videos")
    me.page.locator(".card, .empty").first.wait_for()
    check("videos")
    me.page.goto(f"{me.site}/system")
    me.page.locator(".tier-card").first.wait_for()
    check("system")


@pytest.mark.parametrize("width", [360, 768, 1440])
def test_nothing_is_wider_than_the_window_and_nothing_jumps(visit: Visit, width: int) -> None:
    me = visit(viewport={"width": width, "height": 900})
    me.page.add_init_script(
        "window.shift = 0; new PerformanceObserver((all) => { for (const one of all.getEntries())"
        " if (!one.hadRecentInput) window.shift += one.value })"
        ".observe({type: 'layout-shift', buffered: true})"
    )
    me.studio()
    assert me.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert me.page.evaluate("window.shift") < 0.1
    for path in ("/videos", "/system", "/video?id=none", "/nowhere"):
        me.page.goto(me.site + path)
        me.page.get_by_role("heading", level=1).first.wait_for()
        assert me.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


def test_the_first_page_is_light(visit: Visit) -> None:
    me = visit()
    sizes: list[int] = []
    me.page.on("requestfinished", lambda r: sizes.append(r.sizes()["responseBodySize"]))
    me.studio()
    me.page.wait_for_load_state("networkidle", timeout=PATIENCE_MS)
    assert sum(sizes) < 1_200_000, "more than 1.2 MB, pictures and fonts included"


def test_the_service_is_shown_to_whoever_runs_it(visit: Visit) -> None:
    me = visit()
    me.page.goto(f"{me.site}/system")
    me.page.get_by_role("heading", name="Lightweight").wait_for()
    premium = me.page.get_by_role("listitem").filter(has_text="Premium")
    assert "Not available" in premium.inner_text()
    assert re.search(r"Animation\s*\d", me.page.locator(".tier-card").first.inner_text())


def test_ctrl_c_ends_everything(site: Site) -> None:
    """The last of all: it takes the service down."""
    ours = [site.process, *site.process.children(recursive=True)]
    assert any("frontend" in " ".join(p.cmdline()) for p in ours if p.is_running())
    site.process.send_signal(signal.SIGINT)
    _, alive = psutil.wait_procs(ours, timeout=90)
    assert not alive
    with pytest.raises(httpx.TransportError):
        httpx.get(site.url, trust_env=False)
