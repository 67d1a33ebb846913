"""One video: made before one's eyes, then played, told about and taken away."""

import reflex as rx

from frontend.pages.shell import AGAIN, BIN, DOWN, LINK, icon, link, page, t, words
from frontend.parts import CopiedLink, FilmStage, OfAddress, Ticker
from frontend.states.video import Video

_FACTS = (
    "duration", "picture", "voice", "engines", "made_in", "seed",
    "how", "made_with", "made_on", "signed_by", "consent",
)  # fmt: skip


def video() -> rx.Component:
    return page(
        "video",
        OfAddress.create(
            rx.cond(
                Video.status == "gone",
                _gone(),
                rx.cond(Video.status == "", _waiting(), _bench()),
            ),
            job=Video.job["id"].to(str),
        ),
        ticks=[rx.cond(Video.offline, Ticker.create(every=3000, on_tick=Video.open))],
        anew=Video.open,
    )


def _waiting() -> rx.Component:
    return rx.el.div(
        rx.el.div(rx.el.div(class_name="stage"), class_name="left"), class_name="bench"
    )


def _bench() -> rx.Component:
    return rx.el.div(
        rx.el.div(
            FilmStage.create(
                key=Video.job["id"].to(str),
                base=Video.base,
                job=Video.job,
                portrait=Video.source,
                spans=Video.spans,
                duration=Video.length_s,
                size=Video.picture,
                captions=Video.spoken_language,
                words=words(
                    "queued", "place", "parsing", "speaking", "drawing", "composing", "starting",
                    "left", "live", "reconnecting", "seconds", "being_made", "play", "video",
                    "timeline", "captions", "step_parsing", "step_speaking", "step_drawing", "step_composing",
                ),
                on_final=Video.ended,
                on_renew=Video.renew,
            ),
            class_name="left",
        ),
        rx.el.div(
            _heading(),
            rx.cond(
                Video.title != "",
                rx.el.blockquote(Video.title, lang=Video.spoken_language),
            ),
            rx.match(
                Video.status,
                ("succeeded", _result()),
                ("failed", _failed()),
                ("cancelled", _failed()),
                _making(),
            ),
            class_name="right",
        ),
        class_name="bench",
    )  # fmt: skip


def _heading() -> rx.Component:
    return rx.el.div(
        rx.el.h1(
            rx.match(
                Video.status,
                ("succeeded", t("your_video")),
                ("failed", t("failed")),
                ("cancelled", t("cancelled")),
                t("being_made"),
            )
        ),
        role="status",
    )


def _making() -> rx.Component:
    return rx.fragment(
        rx.el.p(t("leave"), class_name="hint"),
        rx.el.div(
            rx.el.button(t("cancel"), type="button", class_name="secondary", on_click=Video.cancel),
            class_name="actions",
        ),
    )


def _failed() -> rx.Component:
    return rx.fragment(
        rx.cond(
            Video.reason != "",
            rx.el.p(Video.reason, class_name="notice", data_kind="error", role="alert"),
        ),
        rx.el.div(
            rx.el.button(
                icon(AGAIN), t("again"), type="button", class_name="primary", on_click=Video.again
            ),
            link(t("new"), to="/", class_name="secondary"),
            class_name="actions",
        ),
    )


def _file(name: str) -> rx.Var[str]:
    return f"{Video.base}/v1/videos/{Video.job['id']}/{name}?download=true"


def _result() -> rx.Component:
    return rx.fragment(
        rx.el.div(
            rx.el.a(
                icon(DOWN),
                t("download"),
                href=_file("content"),
                id="download",
                class_name="primary",
                download=True,
            ),
            rx.el.button(
                icon(LINK),
                t("share"),
                type="button",
                class_name="secondary",
                on_click=Video.share,
            ),
            rx.el.button(
                icon(AGAIN), t("again"), type="button", class_name="secondary", on_click=Video.again
            ),
            class_name="actions",
        ),
        rx.cond(
            Video.link != "", CopiedLink.create(link=Video.link, words=words("link", "copied"))
        ),
        rx.cond(Video.reason != "", rx.el.p(Video.reason, class_name="notice", data_kind="error")),
        rx.foreach(Video.notes, lambda n: rx.el.p(n, class_name="notice", data_kind="note")),
        rx.cond(Video.seal.state != "", _seal()),
        rx.el.section(rx.el.h2(t("facts")), _facts(Video.facts)),
        rx.el.section(
            rx.el.h2(t("other_files")),
            rx.el.div(
                *(
                    rx.el.a(label, href=_file(name), class_name="file", download=True)
                    for name, label in (
                        ("captions.vtt", "VTT"),
                        ("captions.srt", "SRT"),
                        ("performance.csv", "CSV"),
                        ("performance.json", "JSON"),
                    )
                ),
                class_name="files",
            ),
        ),
        _delete(),
    )


def _seal() -> rx.Component:
    """The badge of its content credentials, which opens."""
    unchanged = Video.seal.state == "unchanged"
    return rx.el.details(
        rx.el.summary(
            rx.el.span("cr", class_name="pin", custom_attrs={"aria-hidden": "true"}),
            rx.el.strong(t("credentials")),
            rx.el.span(rx.cond(unchanged, t("unchanged"), t("changed")), data_unchanged=unchanged),
            icon("M7 10l5 5 5-5"),
        ),
        _facts(Video.seal.facts),
        class_name="seal",
    )


def _facts(facts: rx.Var[list[tuple[str, str]]]) -> rx.Component:
    return rx.el.dl(
        rx.foreach(facts, lambda fact: rx.el.div(rx.el.dt(_fact(fact[0])), rx.el.dd(fact[1]))),
        class_name="facts",
    )


def _fact(word: rx.Var[str]) -> rx.Var[str]:
    return rx.match(word, *((key, t(key)) for key in _FACTS), word)


def _delete() -> rx.Component:
    return rx.el.div(
        rx.cond(
            Video.asking,
            rx.fragment(
                rx.el.span(t("delete_really")),
                rx.el.button(
                    t("delete"), type="button", class_name="danger", on_click=Video.delete
                ),
                rx.el.button(
                    t("keep"),
                    type="button",
                    class_name="secondary small",
                    auto_focus=True,
                    on_click=Video.ask(False),
                ),
            ),
            rx.el.button(
                icon(BIN), t("delete"), type="button", class_name="quiet", on_click=Video.ask(True)
            ),
        ),
        class_name="removal",
    )


def _gone() -> rx.Component:
    return rx.el.div(
        rx.el.h1(t("gone")),
        rx.el.p(t("gone_hint")),
        link(t("to_studio"), to="/", class_name="primary"),
        class_name="empty",
    )
