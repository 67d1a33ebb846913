"""Reflex's own settings; a build's rxconfig.py takes them from here."""

from typing import Any

import reflex as rx

_ENTRY = """
import { createElement, startTransition } from "react";
import { hydrateRoot } from "react-dom/client";
import { HydratedRouter } from "react-router/dom";

startTransition(() => {
  hydrateRoot(document, createElement(HydratedRouter, { useTransitions: false }));
});
"""


class AtOnce(rx.plugins.Plugin):
    """A page that is gone to is drawn in one go: the router draws it in slices of some milliseconds otherwise, with
    pictures of the old page and whatever else is to be done in between."""

    def pre_compile(self, **context: Any) -> None:
        context["add_save_task"](lambda: ("app/entry.client.js", _ENTRY))

    def provides_entry_client(self) -> bool:
        return True


config = rx.Config(
    app_name="frontend",
    app_module_import="frontend.app",
    telemetry_enabled=False,
    show_built_with_reflex=False,
    state_manager_mode=rx.constants.StateManagerMode.MEMORY,
    plugins=[AtOnce()],
    disable_plugins=[rx.plugins.SitemapPlugin],
    # One address for everything, and the browser's cookie: pages of other origins stay out.
    cors_allowed_origins=[],
)
