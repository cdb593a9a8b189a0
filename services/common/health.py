"""Health: is the process making progress, and can it serve? On a port of its own, with the metrics."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Check = Callable[[], Awaitable[bool]]
CHECK_TIMEOUT_S = 5.0


class Progress:
    """A loop's pulse: it beats each round, and counts as stalled when it has not for `limit_s` seconds."""

    def __init__(self, limit_s: float = 60.0) -> None:
        self._limit_s = limit_s
        self._beaten_at = time.monotonic()

    def beat(self) -> None:
        """Say that a round was finished."""
        self._beaten_at = time.monotonic()

    @property
    def is_stalled(self) -> bool:
        """True where no round was finished within the limit."""
        return time.monotonic() - self._beaten_at > self._limit_s


class Health:
    """What /healthz and /readyz answer: live means progress, ready means that what it needs answers."""

    def __init__(self) -> None:
        self._checks: dict[str, Check] = {}
        self._pulses: dict[str, Progress] = {}

    def check(self, name: str, check: Check) -> None:
        """Add something that must answer before the process counts as ready."""
        self._checks[name] = check

    def pulse(self, name: str, limit_s: float = 60.0) -> Progress:
        """Add a loop that must make progress for the process to count as live."""
        return self._pulses.setdefault(name, Progress(limit_s))

    def stalled(self) -> list[str]:
        """Name the loops that make no progress."""
        return [name for name, pulse in self._pulses.items() if pulse.is_stalled]

    async def unready(self) -> list[str]:
        """Name what does not answer."""
        answers = await asyncio.gather(*(self._answers(check) for check in self._checks.values()))
        return [name for name, answered in zip(self._checks, answers, strict=True) if not answered]

    async def _answers(self, check: Check) -> bool:
        try:
            return await asyncio.wait_for(check(), CHECK_TIMEOUT_S)
        except Exception:  # noqa: BLE001 - whatever went wrong, the answer to "ready?" is no
            return False


def app(health: Health) -> Starlette:
    """Give the small web app with /healthz, /readyz and /metrics."""
    # Without FastAPI: it would take a worker that serves nothing else 7 MB.

    async def healthz(_: Request) -> Response:
        stalled = health.stalled()
        return JSONResponse({"stalled": stalled}, 503 if stalled else 200)

    async def readyz(_: Request) -> Response:
        unready = health.stalled() or await health.unready()
        return JSONResponse({"unready": unready}, 503 if unready else 200)

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return Starlette(routes=[Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)])


async def serve(health: Health, host: str, port: int, stop: asyncio.Event) -> None:
    """Serve health and metrics until told to stop. Does nothing where the port is 0."""
    if port == 0:
        await stop.wait()
        return
    await serve_app(app(health), host, port, stop)


async def serve_app(api: Starlette, host: str, port: int, stop: asyncio.Event) -> None:
    """Serve a web app until told to stop. A port that is taken raises OSError."""
    config = uvicorn.Config(api, host=host, port=port, log_config=None, access_log=False, server_header=False)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(_serve_without_signals(server))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    stopping.cancel()
    await serving


async def _serve_without_signals(server: uvicorn.Server) -> None:
    # uvicorn would take over SIGTERM for the whole process; the process has its own stop event.
    try:
        await server._serve()
    except SystemExit as exit_:
        raise OSError(f"could not listen on {server.config.host}:{server.config.port}; is the port taken?") from exit_
