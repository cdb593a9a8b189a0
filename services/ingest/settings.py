"""Settings of the ingest service."""

from typing import Self

from pydantic import Field, model_validator

from services.common.settings import Settings


class IngestSettings(Settings):
    """What this service must be told beside what every service is told."""

    keep_readings_years: int | None = Field(
        default=None, ge=1, le=100, description="how long readings and hours are kept; without it for ever"
    )
    keep_days_years: int | None = Field(
        default=None, ge=1, le=100, description="how long days are kept, no shorter than readings; without it for ever"
    )
    batch_messages: int = Field(default=8, ge=1, le=100, description="messages of a batch")
    reading_loops: int = Field(default=2, ge=1, le=12, description="batches that the worker stores side by side")
    max_body_bytes: int = Field(default=10_485_760, ge=1024, description="the largest delivery")
    body_seconds: float = Field(default=30, gt=0, description="how long a body may take to arrive")
    future_seconds: int = Field(default=300, ge=0, description="how far ahead of our clock a reading may lie")
    bulk_backlog_messages: int = Field(
        default=2_000, ge=0, description="messages that may wait for the worker before bulk sources must"
    )
    acknowledge_seconds: int = Field(default=5, ge=1, description="how long the broker may take to acknowledge")
    audit_nights: int = Field(
        default=1, ge=1, le=366, description="over how many nights the audit of all metering points is spread"
    )
    database_pool: int = Field(
        default=10, ge=6, le=50, description="connections: two for each loop over readings, and six for the rest"
    )

    @model_validator(mode="after")
    def _days_outlast_readings(self) -> Self:
        if self.keep_days_years is None:
            return self
        if self.keep_readings_years is None or self.keep_readings_years > self.keep_days_years:
            raise ValueError("KULVERT_KEEP_READINGS_YEARS must be set, and no longer than KULVERT_KEEP_DAYS_YEARS")
        return self
