"""Reflex's own settings; a build's rxconfig.py takes them from here."""

import reflex as rx

config = rx.Config(
    app_name="frontend",
    app_module_import="frontend.app",
    telemetry_enabled=False,
    show_built_with_reflex=False,
    state_manager_mode=rx.constants.StateManagerMode.MEMORY,
    disable_plugins=[rx.plugins.SitemapPlugin],
    # One address for everything, and the browser's cookie: pages of other origins stay out.
    cors_allowed_origins=[],
)
