"""The studio: portrait on one side, script on the other, one button."""

from typing import Any

import reflex as rx

from frontend.pages.shell import ARROW, icon, link, page, t, words
from frontend.parts import PortraitStage, Recording, Sample, ScriptEditor, Slider, Tick, Ticker
from frontend.states.studio import Studio
from frontend.states.views import Piece, Tier, Voice
from frontend.words import EXAMPLES, LANGUAGES


def studio() -> rx.Component:
    return page(
        "studio",
        rx.el.div(
            rx.el.h1(t("headline")),
            rx.el.p(t("subline")),
            class_name="intro",
        ),
        rx.cond(Studio.under_way != "", _under_way()),
        rx.el.div(
            rx.el.div(_portrait(), class_name="left"),
            rx.el.div(
                _script(),
                _heard(),
                _choices(),
                _fine_tuning(),
                _go(),
                rx.el.p(t("only_consent"), class_name="fineprint"),
                class_name="right",
            ),
            class_name="bench",
        ),
        ticks=[Ticker.create(every=3000, on_tick=Studio.revive)],
    )


def _portrait() -> rx.Component:
    return PortraitStage.create(
        base=Studio.base,
        presets=Studio.presets,
        portrait=Studio.portrait,
        checking=Studio.checking,
        fit=Studio.fit,
        problem=Studio.portrait_problem,
        notes=Studio.portrait_notes,
        faces=Studio.faces,
        face=Studio.face,
        shape=Studio.shape,
        crop=Studio.crop,
        words=words(
            "portrait", "choose_portrait", "own_photo", "own_photo_long", "drop_here", "uploading",
            "checking", "face_ready", "face", "which_face", "cannot_speak", "file_too_large",
            "file_kind", "upload_failed",
        ),
        on_choose=Studio.choose_portrait,
        on_face=Studio.choose_face,
        on_renew=Studio.renew,
    )  # fmt: skip


def _script() -> rx.Component:
    return rx.el.section(
        rx.el.div(
            rx.el.h2(t("script")),
            rx.el.div(
                rx.el.span(t("examples")),
                rx.cond(Studio.greek, rx.fragment(*_examples("el")), rx.fragment(*_examples("en"))),
                class_name="examples",
            ),
            class_name="section-head",
        ),
        ScriptEditor.create(
            value=Studio.text,
            emotions=Studio.all_emotions,
            lang=Studio.lang,
            max=Studio.max_characters,
            invalid=Studio.text_problem != "",
            words=words("script", "script_hint", "feelings", "insert", "pause", "characters"),
            on_write=Studio.write,
            on_submit=Studio.make,
        ),
        custom_attrs={"aria-label": t("script")},
    )


def _examples(lang: str) -> list[rx.Component]:
    return [
        rx.el.button(name, type="button", class_name="link", on_click=Studio.write(text))
        for language, name, text in EXAMPLES
        if language == lang
    ]


def _heard() -> rx.Component:
    """What the parser understood."""
    return rx.el.section(
        rx.el.div(
            rx.el.h2(t("heard")),
            rx.cond(
                Studio.estimate != "",
                rx.el.span(
                    t("estimate"), " ", Studio.estimate, " ", t("seconds"), class_name="estimate"
                ),
            ),
            class_name="section-head",
        ),
        rx.cond(
            Studio.text_problem != "",
            rx.el.p(Studio.text_problem, class_name="notice", data_kind="error", role="alert"),
            rx.el.p(rx.foreach(Studio.spoken, _piece), class_name="spoken"),
        ),
        rx.el.div(
            rx.foreach(
                Studio.warnings, lambda w: rx.el.p(w, class_name="notice", data_kind="note")
            ),
            role="status",
        ),
        class_name="heard",
        data_empty=Studio.text.strip() == "",
        custom_attrs={"aria-label": t("heard")},
    )


def _piece(piece: rx.Var[Piece]) -> rx.Component:
    return rx.el.span(
        piece.before,
        rx.el.span(piece.text),
        rx.cond(piece.emotion != "neutral", rx.el.em(piece.label)),
        data_emotion=piece.emotion,
        class_name="piece",
    )


def _choices() -> rx.Component:
    return rx.el.section(
        rx.el.div(
            _field(
                "voice",
                rx.el.div(
                    rx.el.select(
                        rx.el.option(t("voice_auto"), value="auto"),
                        rx.foreach(Studio.voice_groups, _voice_group),
                        id="voice",
                        value=Studio.voice,
                        on_change=Studio.choose_voice,
                    ),
                    Sample.create(
                        src=f"{Studio.base}/v1/voices/{Studio.voice}/preview",
                        disabled=(Studio.voice == "auto") | Studio.clones,
                        words=words("listen", "stop"),
                    ),
                    class_name="with-button",
                ),
            ),
            _field(
                "language",
                rx.el.select(
                    rx.el.option(t("auto"), value="auto"),
                    rx.foreach(
                        Studio.languages,
                        lambda code: rx.el.option(_language(code), value=code),
                    ),
                    id="language",
                    value=Studio.language,
                    on_change=Studio.choose_language,
                ),
            ),
            class_name="fields",
        ),
        rx.cond(
            Studio.clones,
            Recording.create(
                base=Studio.base,
                value=Studio.reference_audio,
                words=words(
                    "recording", "choose_recording", "other_recording", "recording_hint", "recording_kind",
                    "recording_short", "listen", "stop", "uploading", "file_too_large", "upload_failed",
                ),
                on_choose=Studio.choose_recording,
                on_renew=Studio.renew,
            ),
        ),
        rx.cond(Studio.all_tiers.length() > 1, _tiers()),
        class_name="choices",
        custom_attrs={"aria-label": t("voice")},
    )  # fmt: skip


def _field(word: str, control: rx.Component) -> rx.Component:
    return rx.el.div(rx.el.label(t(word), html_for=word), control, class_name="field")


def _language(code: rx.Var[str]) -> rx.Var[str]:
    cases = [(key, rx.cond(Studio.greek, el, en)) for key, (en, el) in LANGUAGES.items()]
    return rx.match(code, *cases, code)


def _voice_group(group: rx.Var[str]) -> rx.Component:
    return rx.el.optgroup(
        rx.foreach(
            Studio.voices,
            lambda voice: rx.cond(voice.group == group, _voice(voice)),
        ),
        label=group,
    )


def _voice(voice: rx.Var[Voice]) -> rx.Component:
    return rx.el.option(voice.label, value=voice.id)


def _tiers() -> rx.Component:
    return rx.el.fieldset(
        rx.el.legend(t("quality_tier")),
        rx.el.div(rx.foreach(Studio.all_tiers, _tier), class_name="tiers"),
    )


def _tier(tier: rx.Var[Tier]) -> rx.Component:
    return rx.el.label(
        rx.el.input(
            type="radio",
            name="tier",
            value=tier.name,
            checked=Studio.tier == tier.name,
            disabled=~tier.available,
            on_change=Studio.choose_tier(tier.name),
        ),
        rx.el.span(
            rx.el.strong(tier.title),
            rx.el.small(
                rx.cond(
                    tier.available,
                    rx.cond(
                        tier.waiting > 0,
                        f"{tier.waiting} " + t("waiting_now"),
                        t("ready"),
                    ),
                    t("missing"),
                ),
                data_available=tier.available,
            ),
            rx.el.span(tier.note, class_name="note"),
        ),
        class_name="tier",
    )


def _fine_tuning() -> rx.Component:
    return rx.el.details(
        rx.el.summary(
            rx.el.strong(t("more")), rx.el.span(t("more_hint")), icon("M7 10l5 5 5-5")
        ),
        rx.el.div(
            _one_of("style", "manner", ("calm", "calm"), ("natural", "natural"), ("lively", "lively")),
            _one_of(
                "aspect",
                "shape",
                ("source", "as_photo"),
                ("1:1", "square"),
                ("9:16", "tall"),
                ("16:9", "wide"),
            ),
            _slider("intensity", Studio.intensity, 0, 1, 0.05),
            _slider("speed", Studio.speed, 0.5, 2, 0.05),
            _slider("head_motion", Studio.head_motion, 0, 2, 0.1),
            _slider("blink", Studio.blink, 0, 2, 0.1),
            _select("size", Studio.size, ("480", "size_480"), ("720", "size_720"), ("1080", "size_1080")),
            _select(
                "background",
                Studio.background,
                ("source", "keep_background"),
                ("blur", "blurred"),
                ("#f1eee9", "plain_light"),
                ("#23262b", "plain_dark"),
            ),
            _select("captions", Studio.captions, ("vtt", "captions_beside"), ("burn", "captions_burn")),
            _select("label", Studio.label, ("off", "label_off"), ("corner", "label_corner"), ("end", "label_end")),
            rx.el.div(
                rx.el.label(t("seed"), html_for="seed"),
                rx.el.input(
                    id="seed",
                    input_mode="numeric",
                    pattern="[0-9]*",
                    max_length=10,
                    default_value=Studio.seed,
                    key=Studio.seed,
                    on_blur=lambda value: Studio.tune("seed", value),
                    custom_attrs={"aria-describedby": "seed-hint"},
                ),
                rx.el.small(t("seed_hint"), id="seed-hint"),
                class_name="field",
            ),
            class_name="tuning",
        ),
        class_name="fine",
    )  # fmt: skip


def _slider(name: str, value: Any, low: float, high: float, step: float) -> rx.Component:
    return Slider.create(
        label=t(name),
        value=value,
        min=low,
        max=high,
        step=step,
        percent=True,
        on_commit=lambda v: Studio.tune(name, v),
    )


def _select(name: str, value: Any, *options: tuple[str, str]) -> rx.Component:
    return _field(
        name,
        rx.el.select(
            *(rx.el.option(t(word), value=option) for option, word in options),
            id=name,
            value=value,
            on_change=lambda v: Studio.tune(name, v),
        ),
    )


def _one_of(name: str, title: str, *options: tuple[str, str]) -> rx.Component:
    chosen = getattr(Studio, name)
    return rx.el.fieldset(
        rx.el.legend(t(title)),
        rx.el.div(
            *(
                rx.el.label(
                    rx.el.input(
                        type="radio",
                        name=name,
                        value=option,
                        checked=chosen == option,
                        on_change=Studio.tune(name, option),
                    ),
                    rx.el.span(t(word)),
                )
                for option, word in options
            ),
            class_name="segments",
        ),
    )


def _go() -> rx.Component:
    return rx.el.div(
        rx.el.div(
            rx.cond(
                Studio.problem != "",
                rx.el.p(Studio.problem, class_name="notice", data_kind="error"),
            ),
            role="alert",
        ),
        rx.cond(
            Studio.agreement != "",
            Tick.create(
                label=rx.match(
                    Studio.agreement,
                    ("voice", t("agreement_voice")),
                    ("both", t("agreement_both")),
                    t("agreement_face"),
                ),
                checked=Studio.agreed,
                on_tick=Studio.agree,
            ),
        ),
        rx.el.button(
            rx.cond(Studio.busy, t("making"), t("make")),
            icon(ARROW),
            type="button",
            id="make",
            class_name="primary",
            data_busy=Studio.busy,
            custom_attrs={"aria-disabled": Studio.busy},
            on_click=Studio.make,
        ),
        class_name="go",
    )


def _under_way() -> rx.Component:
    return link(
        rx.el.i(),
        t("under_way"),
        rx.el.strong(t("look")),
        to="/video?id=" + Studio.under_way,
        class_name="under-way",
    )
