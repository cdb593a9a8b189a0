"""Settings of the gateway."""

from datetime import timedelta

from pydantic import Field

from services.common.settings import Settings


class GatewaySettings(Settings):
    """Where the owners of a visitor's commands answer, and how long a page may ask the database."""

    permissions_url: str = Field(default="", description="address of the permissions service, without a path")
    alerts_url: str = Field(default="", description="address of the alerts service; empty: alerts are only shown")
    billing_url: str = Field(default="", description="address of the billing service; empty: invoices have no PDF")
    contracts_url: str = Field(default="", description="address of the contracts service; empty: no tariff interface")
    tariff_questions_per_minute: int = Field(default=120, ge=1, le=100_000, description="from one address")
    silent_after_hours: int = Field(
        default=24, ge=1, le=8_760, description="since the end of the newest hour with a figure"
    )
    statement_timeout_ms: int = Field(default=5_000, ge=100, le=60_000)
    command_timeout_s: float = Field(default=10.0, gt=0, le=60)

    @property
    def longest_silence(self) -> timedelta:
        """How long nothing may come of a metering point before its data are shown as missing."""
        return timedelta(hours=self.silent_after_hours)
