"""The parts of a page that live in the browser (assets/*.jsx), as Reflex components."""

from typing import Any

import reflex as rx
from reflex.event import EventHandler, no_args_event_spec, passthrough_event_spec

_FONTS = ["@fontsource-variable/manrope@5.3.0", "@fontsource-variable/source-serif-4@5.3.1"]


class ScriptEditor(rx.Component):
    library = "$/public/editor.jsx"
    tag = "ScriptEditor"
    lib_dependencies: list[str] = _FONTS

    value: rx.Var[str]
    emotions: rx.Var[list[Any]]
    words: rx.Var[dict[str, str]]
    lang: rx.Var[str]
    max: rx.Var[int]
    invalid: rx.Var[bool]
    on_write: EventHandler[passthrough_event_spec(str)]
    on_submit: EventHandler[no_args_event_spec]


class PortraitStage(rx.Component):
    library = "$/public/portrait.jsx"
    tag = "PortraitStage"

    base: rx.Var[str]
    presets: rx.Var[list[Any]]
    portrait: rx.Var[str]
    checking: rx.Var[bool]
    fit: rx.Var[bool]
    problem: rx.Var[str]
    notes: rx.Var[str]
    faces: rx.Var[list[Any]]
    face: rx.Var[int]
    shape: rx.Var[list[int]]
    crop: rx.Var[list[float]]
    words: rx.Var[dict[str, str]]
    on_choose: EventHandler[passthrough_event_spec(str)]
    on_face: EventHandler[passthrough_event_spec(int)]
    on_renew: EventHandler[no_args_event_spec]


class Recording(rx.Component):
    library = "$/public/recording.jsx"
    tag = "Recording"

    base: rx.Var[str]
    value: rx.Var[str]
    words: rx.Var[dict[str, str]]
    on_choose: EventHandler[passthrough_event_spec(str)]
    on_renew: EventHandler[no_args_event_spec]


class FilmStage(rx.Component):
    library = "$/public/follow.jsx"
    tag = "FilmStage"
    lib_dependencies: list[str] = ["hls.js@1.7.4"]

    base: rx.Var[str]
    job: rx.Var[dict[str, Any]]
    portrait: rx.Var[str]
    spans: rx.Var[list[Any]]
    duration: rx.Var[float]
    size: rx.Var[list[int]]
    captions: rx.Var[str]
    words: rx.Var[dict[str, str]]
    on_final: EventHandler[passthrough_event_spec(str)]
    on_renew: EventHandler[no_args_event_spec]


class Slider(rx.Component):
    library = "$/public/parts.jsx"
    tag = "Slider"

    label: rx.Var[str]
    value: rx.Var[float]
    min: rx.Var[float]
    max: rx.Var[float]
    step: rx.Var[float]
    percent: rx.Var[bool]
    on_commit: EventHandler[passthrough_event_spec(float)]


class Tick(rx.Component):
    library = "$/public/parts.jsx"
    tag = "Tick"

    label: rx.Var[str]
    checked: rx.Var[bool]
    on_tick: EventHandler[passthrough_event_spec(bool)]


class Sample(rx.Component):
    library = "$/public/parts.jsx"
    tag = "Sample"

    src: rx.Var[str]
    words: rx.Var[dict[str, str]]
    disabled: rx.Var[bool]


class Ticker(rx.Component):
    library = "$/public/parts.jsx"
    tag = "Ticker"

    every: rx.Var[int]
    on_tick: EventHandler[no_args_event_spec]


class CopiedLink(rx.Component):
    library = "$/public/parts.jsx"
    tag = "CopiedLink"

    link: rx.Var[str]
    words: rx.Var[dict[str, str]]


class OfAddress(rx.Component):
    library = "$/public/parts.jsx"
    tag = "OfAddress"

    job: rx.Var[str]


class Theme(rx.Component):
    library = "$/public/parts.jsx"
    tag = "Theme"

    label: rx.Var[str]


class PageState(rx.Component):
    library = "$/public/parts.jsx"
    tag = "PageState"

    lang: rx.Var[str]
    stay: rx.Var[int]
