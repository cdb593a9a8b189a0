"""Run the development RP: `python -m deploy.local.bankid_rp`, on the ports that the supervisor gave."""

import asyncio
from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict

from deploy.local.bankid_rp.app import app
from deploy.local.bankid_rp.authority import Authority
from deploy.local.bankid_rp.orders import Orders
from services.common import health, process


class RpSettings(BaseSettings):
    """Where it listens, and where its root stands. No setting is for an address: only this machine may reach it."""

    model_config = SettingsConfigDict(env_prefix="KULVERT_", frozen=True)

    bankid_rp_folder: Path
    http_port: int
    metrics_port: int


async def main(stop: asyncio.Event) -> None:
    """Run until told to stop."""
    settings = RpSettings()
    await process.side_by_side(
        stop,
        health.serve_app(app(Orders(Authority.of(settings.bankid_rp_folder))), "127.0.0.1", settings.http_port, stop),
        health.serve(health.Health(), "127.0.0.1", settings.metrics_port, stop),
    )


if __name__ == "__main__":
    process.run("bankid_rp", main)
