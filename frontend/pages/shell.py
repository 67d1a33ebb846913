"""What surrounds every page: the header, the language, what is said when the service is away."""

from collections.abc import Iterable
from typing import Any

import reflex as rx
from reflex_components_core.react_router.dom import ReactRouterLink

from frontend.parts import PageState, Theme
from frontend.signin import OUT
from frontend.states.session import Session
from frontend.states.studio import Studio
from frontend.words import WORDS

PAGES = (("/", "studio"), ("/videos", "history"), ("/system", "system"))


def t(key: str) -> rx.Var[str]:
    """A word or sentence in the language of the pages."""
    english, greek = WORDS[key]
    return rx.cond(Session.greek, greek, english)


def words(*keys: str) -> rx.Var[dict[str, str]]:
    """Several at once, for the parts that live in the browser."""
    return rx.cond(
        Session.greek,
        {key: WORDS[key][1] for key in keys},
        {key: WORDS[key][0] for key in keys},
    )


def icon(path: str, **props: object) -> rx.Component:
    return rx.el.svg(
        rx.el.path(d=path), view_box="0 0 24 24", custom_attrs={"aria-hidden": "true"}, **props
    )


def link(
    *content: object, to: str | rx.Var[str], fetched: str = "intent", **props: Any
) -> rx.Component:
    """To another page of the app, which the browser shows without loading everything anew.

    Args:
        fetched: when the page's code is: "intent", as the link is pointed at, or "render", as it is shown.
    """
    attributes = {"prefetch": fetched, **props.pop("custom_attrs", {})}
    return ReactRouterLink.create(*content, to=to, custom_attrs=attributes, **props)


ARROW = "M5 12h13M13 6.500l5.500 5.500-5.500 5.500"
DOWN = "M12 4v11M7 10.500l5 5 5-5M5 20h14"
LINK = "M10 14a4 4 0 0 0 5.700 0l3-3a4 4 0 0 0-5.700-5.700l-1 1M14 10a4 4 0 0 0-5.700 0l-3 3a4 4 0 0 0 5.700 5.700l1-1"
AGAIN = "M4.500 12a7.500 7.500 0 1 0 2.400-5.500M4.500 4v4h4"
BIN = "M5 7h14M9.500 7V4.500h5V7M7 7l.8 12.500h8.400L17 7"
LEAVE = "M14 4.500H6v15h8M11 12h9M16.500 8.500 20 12l-3.500 3.500"


def mark() -> rx.Component:
    """The mask."""
    return rx.el.svg(
        rx.el.path(
            d="M6 5.500C11 3.700 21 3.700 26 5.500c1.300 8.500.3 20-10 23C5.700 25.500 4.700 14 6 5.500Z",
            class_name="mask",
        ),
        rx.el.path(
            d="M9.300 12.800c1.500-1.700 4-1.700 5.200 0M17.500 12.800c1.500-1.700 4-1.700 5.200 0"
        ),
        rx.el.path(
            d="M10.500 18.500c2.700 4.600 8.300 4.600 11 0-3.400 1.300-7.600 1.300-11 0Z",
            class_name="mouth",
        ),
        view_box="0 0 32 32",
        class_name="mark",
        custom_attrs={"aria-hidden": "true"},
    )


def page(
    name: str,
    *content: rx.Component,
    ticks: Iterable[rx.Component] = (),
    anew: rx.EventHandler | None = None,
) -> rx.Component:
    """A whole page.

    Args:
        name: of its entry in the menu.
        anew: tells again, in another language, what the page has from the service.
    """
    return rx.fragment(
        rx.el.a(t("skip"), href="#content", class_name="skip"),
        _header(name, anew),
        rx.el.div(
            rx.cond(
                Session.offline,
                rx.el.p(rx.el.i(), t("offline"), class_name="offline"),
            ),
            role="status",
        ),
        rx.el.main(*content, id="content", class_name=f"page {name}", tab_index=-1),
        PageState.create(lang=Session.lang, stay=Session.stay_s),
        *ticks,
    )


def _header(current: str, anew: rx.EventHandler | None) -> rx.Component:
    other = rx.cond(Session.greek, "en", "el")
    links = [
        link(
            t(word),
            to=path,
            fetched="render",
            class_name="entry",
            custom_attrs={"aria-current": "page"} if word == current else {},
        )
        for path, word in PAGES
    ]
    return rx.el.header(
        link(
            mark(),
            rx.el.span("Prosopon"),
            to="/",
            class_name="brand",
            custom_attrs={"aria-label": "Prosopon"},
        ),
        rx.el.nav(*links, custom_attrs={"aria-label": t("main_menu")}),
        rx.el.div(
            rx.el.button(
                rx.cond(Session.greek, "EN", "ΕΛ"),
                type="button",
                class_name="quiet lang",
                lang=other,
                custom_attrs={"aria-label": rx.cond(Session.greek, "English", "Ελληνικά")},
                on_click=[Studio.change_language(other), *([anew] if anew else [])],
            ),
            Theme.create(label=t("theme")),
            rx.cond(
                Session.stay_s > 0,
                rx.el.a(
                    icon(LEAVE),
                    href=OUT,
                    class_name="quiet round",
                    title=t("sign_out"),
                    # It is no page of the app's router.
                    custom_attrs={"aria-label": t("sign_out"), "reloadDocument": True},
                ),
            ),
            class_name="tools",
        ),
        class_name="header",
    )
