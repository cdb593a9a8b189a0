"""What protects a visitor: headers on every answer, the session's cookie, and tokens in forms."""

import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from fastapi import Request, Response

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self';"
        " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
YEAR_S = 31_536_000
STATIC = "/static/"
STATIC_CACHE = "public, no-cache"
"""Asked for again each time, and answered with 304 where unchanged: a new page never meets yesterday's script."""
Answering = Callable[[Request], Awaitable[Response]]

_TOKEN = re.compile("[A-Za-z0-9_-]{20,100}")


def everywhere(is_local: bool) -> dict[str, str]:
    """Give the headers of whatever this host answers, pages or not. The local stack has no https to hold anybody to."""
    headers = {"X-Content-Type-Options": "nosniff"}
    if not is_local:
        headers["Strict-Transport-Security"] = f"max-age={YEAR_S}"
    return headers


def protection(is_local: bool) -> Callable[[Request, Answering], Awaitable[Response]]:
    """Give the middleware that refuses a POST from elsewhere, and puts the headers on whatever is answered."""
    headers = HEADERS | everywhere(is_local)

    async def protected(request: Request, call_next: Answering) -> Response:
        if request.method not in ("GET", "HEAD") and not comes_from_here(request):
            response = Response("This form was sent from another site.", 403, media_type="text/plain")
        else:
            response = await call_next(request)
        response.headers.update(headers)
        is_static = request.url.path.startswith(STATIC) and response.status_code == 200
        response.headers["Cache-Control"] = STATIC_CACHE if is_static else "no-store"
        return response

    return protected


def comes_from_here(request: Request) -> bool:
    """Tell by what the browser says whether a form of this very site was sent."""
    origin = request.headers.get("origin")
    if origin is not None:
        return urlsplit(origin).netloc == request.headers.get("host")
    return request.headers.get("sec-fetch-site", "same-origin") == "same-origin"


def form_token(session_token: str) -> str:
    """Give the token that a session's forms carry; only who knows the session's token can make it."""
    return hmac.digest(session_token.encode(), b"form", hashlib.sha256).hex()


def is_form_token(session_token: str, given: str) -> bool:
    """Tell whether a form carries its session's own token."""
    return hmac.compare_digest(form_token(session_token).encode(), given.encode())


def cookie_name(is_local: bool) -> str:
    """Name the session's cookie. __Host- binds it to this host over https, which the local stack has not."""
    return "kulvert" if is_local else "__Host-kulvert"


def token_in(request: Request, cookie: str) -> str:
    """Give the token in a cookie, empty where there is none, or something else that somebody has put there."""
    value = request.cookies.get(cookie, "")
    return value if _TOKEN.fullmatch(value) else ""


def set_session(response: Response, token: str, is_local: bool) -> None:
    """Give the browser its session, for as long as the browser runs."""
    response.set_cookie(cookie_name(is_local), token, path="/", secure=not is_local, httponly=True, samesite="lax")


def forget_session(response: Response, is_local: bool) -> None:
    """Take the session from the browser."""
    response.delete_cookie(cookie_name(is_local), path="/", secure=not is_local, httponly=True, samesite="lax")


def login_cookie_name(is_local: bool) -> str:
    """Name the cookie by which a log-in goes on in the browser that began it, and in no other."""
    return f"{cookie_name(is_local)}-login"


def set_login(response: Response, token: str, is_local: bool) -> None:
    """Give the browser what its log-in is bound to; no other site's page sends it along."""
    name = login_cookie_name(is_local)
    response.set_cookie(name, token, path="/", secure=not is_local, httponly=True, samesite="strict")


def forget_login(response: Response, is_local: bool) -> None:
    """Take that from the browser once it is logged in."""
    name = login_cookie_name(is_local)
    response.delete_cookie(name, path="/", secure=not is_local, httponly=True, samesite="strict")


def inside(path: str) -> str:
    """Give a path of this site to go on to; anything that leads elsewhere becomes the start page."""
    is_inside = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if is_inside else "/start"
