"""The service at a glance."""

import reflex as rx

from frontend.pages.shell import page, t
from frontend.parts import Ticker
from frontend.states.system import FailureRow, System, TierCard


def system() -> rx.Component:
    return page(
        "system",
        rx.el.div(
            rx.el.h1(t("system_title")),
            rx.cond(
                System.version != "",
                rx.el.span(t("version"), " ", System.version, class_name="hint"),
            ),
            class_name="page-head",
        ),
        rx.cond(
            System.trouble != "",
            rx.el.p(System.trouble, class_name="notice", data_kind="error", role="alert"),
        ),
        rx.cond(System.known, rx.fragment(_tiers(), _failures())),
        ticks=[Ticker.create(every=3000, on_tick=System.refresh)],
        anew=System.open,
    )


def _tiers() -> rx.Component:
    return rx.el.section(
        rx.el.h2(t("tiers")),
        rx.el.ul(rx.foreach(System.tiers, _tier), class_name="tier-cards"),
        custom_attrs={"aria-label": t("tiers")},
    )


def _tier(tier: rx.Var[TierCard]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.h3(tier.title),
            rx.el.span(
                rx.cond(tier.available, t("ready"), t("missing")),
                class_name="pill",
                data_available=tier.available,
            ),
            class_name="tier-head",
        ),
        rx.el.p(tier.note, class_name="note"),
        rx.cond(
            tier.available | (tier.queued > 0),
            rx.el.dl(
                _number("in_work", tier.running),
                _number("in_queue", tier.queued),
                rx.el.div(
                    rx.el.dt(t("longest_wait")), rx.el.dd(tier.longest, rx.el.small(t("seconds")))
                ),
                class_name="numbers",
            ),
        ),
        rx.cond(
            tier.available,
            rx.el.dl(
                rx.foreach(
                    tier.about,
                    lambda one: rx.el.div(rx.el.dt(_word(one[0])), rx.el.dd(one[1])),
                ),
                rx.cond(tier.replicas.length() > 0, _replicas(tier)),
                class_name="facts",
            ),
        ),
        class_name="tier-card",
    )


def _replicas(tier: rx.Var[TierCard]) -> rx.Component:
    return rx.el.div(
        rx.el.dt(t("replicas")),
        rx.el.dd(
            rx.foreach(
                tier.replicas,
                lambda one: rx.el.span(one[0], rx.el.b(one[1]), class_name="replica"),
            )
        ),
    )


def _number(word: str, value: rx.Var[int]) -> rx.Component:
    return rx.el.div(rx.el.dt(t(word)), rx.el.dd(value))


def _word(word: rx.Var[str]) -> rx.Var[str]:
    return rx.match(word, *((key, t(key)) for key in ("engines", "voices", "languages")), word)


def _failures() -> rx.Component:
    return rx.el.section(
        rx.el.h2(t("failures")),
        rx.cond(
            System.failures.length() == 0,
            rx.el.p(t("no_failures"), class_name="hint"),
            rx.el.ul(rx.foreach(System.failures, _failure), class_name="failures"),
        ),
        custom_attrs={"aria-label": t("failures")},
    )


def _failure(row: rx.Var[FailureRow]) -> rx.Component:
    return rx.el.li(
        rx.el.span(row.when, class_name="when"),
        rx.el.span(row.told),
        rx.cond(row.detail != "", rx.el.span(row.detail, class_name="detail", lang="en")),
        rx.el.small(row.tier, " · ", rx.el.code(row.job)),
    )
