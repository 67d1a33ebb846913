"""The app as one ASGI application: the built site, its event socket, and each browser's cookie or person's stay."""

from starlette.types import ASGIApp

from frontend.settings import Settings
from frontend.signin import SignIn
from frontend.subjects import BrowserCookie, Subjects, kept_secret


def create() -> ASGIApp:
    """Called in the folder of a build, by the server that `python -m frontend` starts."""
    from frontend.app import app

    settings = Settings.read()
    secret = kept_secret(settings.folder)
    site = BrowserCookie(app(), Subjects(secret), policy(settings.public))
    return SignIn(site, settings.issuer, secret) if settings.issuer else site


def policy(gateway: str) -> str:
    """What pages may load: their own files and the gateway's, nothing from anywhere else."""
    return "; ".join(
        (
            "default-src 'self'",
            "script-src 'self' 'unsafe-inline'",  # the pages' own starting scripts
            "style-src 'self' 'unsafe-inline'",
            f"img-src 'self' data: blob: {gateway}",
            f"media-src 'self' blob: {gateway}",
            f"connect-src 'self' ws: wss: {gateway}",
            "worker-src 'self' blob:",
            "font-src 'self' data:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )
