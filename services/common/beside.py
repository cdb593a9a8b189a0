"""An app that answers below one path, beside the service's own app on the same address."""

from starlette.types import ASGIApp, Receive, Scope, Send


class Beside:
    """Middleware that hands what is asked below a path to another app, so that no other middleware has a part in it."""

    def __init__(self, app: ASGIApp, path: str, other: ASGIApp) -> None:
        self._app, self._path, self._other = app, path, other

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Choose by the path of a request."""
        path = scope.get("path", "")
        is_other = scope["type"] == "http" and (path == self._path or path.startswith(f"{self._path}/"))
        await (self._other if is_other else self._app)(scope, receive, send)
