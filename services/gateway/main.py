"""The gateway as one process: the portal, and its health."""

import asyncio

import httpx

from services.common import health, one_zone, process, web
from services.common.beside import Beside
from services.gateway import tariff_api
from services.gateway.portal import pages
from services.gateway.portal.visits import Parts
from services.gateway.settings import GatewaySettings
from services.gateway.store.reader import Reader


async def main(stop: asyncio.Event) -> None:
    """Run the service until told to stop."""
    settings = GatewaySettings()
    state = health.Health()
    reader = await Reader.open(settings)
    state.check("postgres", reader.is_reachable)
    one_zone.compare(await reader.remembered_zone(), settings.zone.key)
    try:
        async with httpx.AsyncClient(timeout=settings.command_timeout_s) as client:
            portal = pages.app(Parts(reader, client, settings))
            portal.add_middleware(Beside, path=tariff_api.PREFIX, other=tariff_api.app(settings, client))
            await process.side_by_side(
                stop,
                web.serve(portal, settings, stop),
                health.serve(state, settings.http_host, settings.metrics_port, stop),
            )
    finally:
        await reader.close()
