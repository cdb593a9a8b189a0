"""Settings of the alerts service."""

from datetime import timedelta
from pathlib import Path
from tempfile import gettempdir

from pydantic import Field

from services.alerts.core.series import Calendar
from services.common.settings import Settings


class AlertsSettings(Settings):
    """What every service must be told, and when alerts count and are told."""

    winter_months: frozenset[int] = Field(
        default=frozenset({10, 11, 12, 1, 2, 3, 4}), description="the months in which a rule's winter limit counts"
    )
    tell_within_hours: int = Field(default=48, ge=1, description="older hours open episodes but tell nobody")
    batch_messages: int = Field(default=50, ge=1, le=1000)
    batch_wait_s: float = Field(default=0.5, gt=0, le=10)
    stream_folder: Path = Field(
        default=Path(gettempdir()) / "kulvert-alerts",
        description="a folder that may be made for Faust, which insists on one and keeps nothing in it",
    )

    @property
    def calendar(self) -> Calendar:
        """The customers' time zone with its winter."""
        return Calendar(self.zone, self.winter_months)

    @property
    def tell_within(self) -> timedelta:
        """How young an hour must be for its alert to be told."""
        return timedelta(hours=self.tell_within_hours)
