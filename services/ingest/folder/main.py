"""The folders as a process: it knows the ingest service's address and a source's key, no broker and no database."""

import asyncio
import threading
from contextlib import ExitStack
from pathlib import Path
from time import monotonic

import httpx

from services.common import health, logs, process
from services.ingest.folder.outcome import Outcome
from services.ingest.folder.places import FolderError, Places
from services.ingest.folder.settings import FolderSettings
from services.ingest.folder.watching import Watcher, Watching, watch
from services.ingest.sending.client import PatientClient

FOR_EVER_S = float("inf")
STALLED_AFTER_S = 3_600
"""A large file is one round of the loop, and so is waiting for a service that is away."""

log = logs.get_logger()


async def run(stop: asyncio.Event) -> None:
    """Watch the folders until told to stop."""
    settings = FolderSettings()
    state = health.Health()
    state.check("ingest", lambda: _answers(settings.ingest_url))
    ended = threading.Event()
    source = PatientClient(
        settings.ingest_url,
        settings.source_key.get_secret_value(),
        "the ingest service does not answer",
        patience_s=FOR_EVER_S,
        given_up=ended,
    )

    with source, ExitStack() as stack:
        watchers = _watchers(settings, source, ended, stack)
        pulse = state.pulse("folders", STALLED_AFTER_S)
        every_s = min(settings.folder_settle_seconds, 5.0)
        await process.side_by_side(
            stop,
            asyncio.to_thread(watch, watchers, every_s, ended, pulse.beat),
            _ends(stop, ended),
            health.serve(state, settings.http_host, settings.metrics_port, stop),
        )


def _watchers(
    settings: FolderSettings, source: PatientClient, ended: threading.Event, stack: ExitStack
) -> list[Watcher]:
    """Take each folder that can be watched; the others are told of, and keep none of these from it."""
    watchers = []
    for folder, profile in settings.folders.items():
        how = Watching(profile, source, ended, settings.folder_judged_seconds, _tell)
        try:
            places = stack.enter_context(Places(Path(folder), settings.folder_settle_seconds, monotonic))
        except FolderError as error:
            log.error("folder_not_watched", folder=folder, reason=str(error))
            continue
        watchers.append(Watcher(places, how))
    if not watchers:
        raise FolderError("none of the folders can be watched")
    return watchers


async def _ends(stop: asyncio.Event, ended: threading.Event) -> None:
    await stop.wait()
    ended.set()


async def _answers(address: str) -> bool:
    async with httpx.AsyncClient(trust_env=False) as http:
        return (await http.get(address)).status_code < 500


def _tell(outcome: Outcome) -> None:
    counts = {name: outcome.report[name] for name in ("reason", "lines", "sent", "verdicts") if name in outcome.report}
    log.info("file_taken" if outcome.place else "file_waits", file=outcome.file, place=outcome.place, **counts)
