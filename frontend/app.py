"""The app: its pages, and the head that they share."""

import logging

import reflex as rx

from frontend.pages.history import history
from frontend.pages.shell import link, page, t
from frontend.pages.studio import studio
from frontend.pages.system import system
from frontend.pages.video import video
from frontend.states.history import History
from frontend.states.session import Session
from frontend.states.studio import Studio
from frontend.states.system import System
from frontend.states.video import Video

_DESCRIPTION = "Text with emotion cues and a portrait become a video of that person speaking."
# Until the first words of the other language are there, nothing is better than the wrong ones.
_LANGUAGE = """
try {
  const lang = localStorage.getItem("prosopon.lang") || (navigator.language.startsWith("el") ? "el" : "en");
  document.documentElement.lang = lang;
  if (lang === "el") {
    document.documentElement.dataset.said = "";
    setTimeout(() => { document.documentElement.dataset.said ||= "el"; }, 2500);
  }
} catch (error) {}
"""


def log_only(exception: Exception) -> None:
    """What we did not foresee is for the log; pages tell of what they know."""
    logging.getLogger(__name__).error("an event failed", exc_info=exception)


def nothing() -> rx.Component:
    return page(
        "nothing",
        rx.el.div(
            rx.el.h1(t("not_found")),
            link(t("to_studio"), to="/", class_name="primary"),
            class_name="empty",
        ),
    )


def _bar(colour: str, scheme: str) -> rx.Component:
    """Of the browser's own bar, around the page."""
    media = {"media": f"(prefers-color-scheme: {scheme})"}
    return rx.el.meta(name="theme-color", content=colour, custom_attrs=media)


app = rx.App(
    stylesheets=["/style.css"],
    head_components=[
        rx.el.meta(name="color-scheme", content="light dark"),
        _bar("#f6f3ee", "light"),
        _bar("#161412", "dark"),
        rx.el.link(rel="icon", href="/mark.svg", type="image/svg+xml"),
        rx.el.script(_LANGUAGE),
    ],
    reset_style=False,
    backend_exception_handler=log_only,
    app_wraps={},  # the pages tell by themselves when nobody answers
)
app.add_page(studio, "/", title="Prosopon", description=_DESCRIPTION, on_load=Studio.load)
app.add_page(video, "/video", title="Video · Prosopon", on_load=Video.open)
app.add_page(history, "/videos", title="Videos · Prosopon", on_load=History.open)
app.add_page(system, "/system", title="System · Prosopon", on_load=System.open)
app.add_page(nothing, "/404", title="Prosopon", on_load=Session.renew)
