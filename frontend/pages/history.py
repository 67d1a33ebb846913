"""All videos of this browser."""

import reflex as rx

from frontend.pages.shell import BIN, icon, link, page, t
from frontend.parts import Ticker
from frontend.states.history import Card, History


def history() -> rx.Component:
    return page(
        "history",
        rx.el.div(
            rx.el.h1(t("your_videos")),
            rx.cond(
                History.cards.length() > 0,
                rx.el.input(
                    type="search",
                    placeholder=t("search_hint"),
                    custom_attrs={"aria-label": t("search_hint")},
                    default_value=History.search,
                    on_change=History.look_for.debounce(150),
                    class_name="search",
                ),
            ),
            class_name="page-head",
        ),
        rx.cond(
            History.trouble != "",
            rx.el.p(History.trouble, class_name="notice", data_kind="error", role="alert"),
        ),
        rx.cond(
            History.known & (History.cards.length() == 0),
            _empty(),
            rx.fragment(
                rx.el.ul(rx.foreach(History.found, _card), class_name="cards"),
                rx.cond(
                    History.known & (History.found.length() == 0),
                    rx.el.p(t("nothing_found"), class_name="hint", role="status"),
                ),
                rx.cond(
                    History.following != "",
                    rx.el.button(
                        t("more_videos"),
                        type="button",
                        class_name="secondary",
                        on_click=History.more,
                    ),
                ),
            ),
        ),
        ticks=[Ticker.create(every=2000, on_tick=History.refresh)],
        anew=History.open,
    )


def _card(card: rx.Var[Card]) -> rx.Component:
    return rx.el.li(
        link(
            rx.el.div(
                rx.cond(
                    (card.status == "succeeded") & (History.base != ""),
                    rx.el.img(
                        src=f"{History.base}/v1/videos/{card.id}/thumbnail.jpg",
                        alt="",
                        loading="lazy",
                    ),
                    rx.fragment(
                        rx.cond(
                            (card.preset != "") & (History.base != ""),
                            rx.el.img(
                                src=f"{History.base}/v1/portraits/{card.preset}/image",
                                alt="",
                                loading="lazy",
                                class_name="unmade",
                            ),
                        ),
                        rx.el.span(_status(card), class_name="state", data_status=card.status),
                    ),
                ),
                rx.cond(card.lasts != "", rx.el.span(card.lasts, class_name="length")),
                class_name="thumb",
            ),
            rx.el.strong(rx.cond(card.title != "", card.title, t("video"))),
            rx.el.small(card.when),
            to="/video?id=" + card.id,
        ),
        rx.cond(
            History.asking == card.id,
            rx.el.div(
                rx.el.span(t("delete_really")),
                rx.el.button(
                    t("delete"),
                    type="button",
                    class_name="danger",
                    on_click=History.delete(card.id),
                ),
                rx.el.button(
                    t("keep"),
                    type="button",
                    class_name="secondary small",
                    auto_focus=True,
                    on_click=History.ask(""),
                ),
                class_name="really",
            ),
            rx.el.button(
                icon(BIN),
                type="button",
                class_name="remove",
                custom_attrs={"aria-label": t("delete") + ": " + card.title},
                on_click=History.ask(card.id),
            ),
        ),
        key=card.id,
        class_name="card",
    )


def _status(card: rx.Var[Card]) -> rx.Var[str]:
    return rx.match(
        card.status,
        ("queued", t("queued")),
        ("running", t("running") + f" {card.percent} %"),
        ("failed", t("failed")),
        ("cancelled", t("cancelled")),
        "",
    )


def _empty() -> rx.Component:
    return rx.el.div(
        rx.el.h2(t("nothing_yet")),
        rx.el.p(t("nothing_yet_hint")),
        link(t("to_studio"), to="/", class_name="primary"),
        class_name="empty",
    )
