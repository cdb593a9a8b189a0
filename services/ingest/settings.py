"""Settings of the ingest service."""

from typing import Self

from pydantic import Field, SecretStr, model_validator

from services.common.settings import Settings


class IngestSettings(Settings):
    """What this service must be told beside what every service is told."""

    telegram_key: SecretStr = Field(
        min_length=64, max_length=64, description="256-bit key, hexadecimal, that seals the keys of meters"
    )
    payload_months: int | None = Field(
        default=None, ge=1, le=1200, description="how long the bytes of deliveries are kept; without it for ever"
    )
    keep_readings_years: int | None = Field(
        default=None, ge=1, le=100, description="how long readings and hours are kept; without it for ever"
    )
    keep_days_years: int | None = Field(
        default=None, ge=1, le=100, description="how long days are kept, no shorter than readings; without it for ever"
    )
    batch_messages: int = Field(default=5, ge=1, le=100, description="messages of a batch; more take more memory")
    reading_loops: int = Field(default=2, ge=1, le=12, description="batches that the worker stores side by side")
    max_body_bytes: int = Field(default=10_485_760, ge=1024, description="the largest delivery")
    body_seconds: float = Field(default=30, gt=0, description="how long a body may take to arrive")
    future_seconds: int = Field(default=300, ge=0, description="how far ahead of our clock a reading may lie")
    bulk_backlog_seconds: float = Field(
        default=0.7, ge=0, description="how long a reading may wait for the worker before bulk sources must"
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


class MqttSettings(IngestSettings):
    """What the process must be told that listens to a broker of telegrams."""

    mqtt_host: str = Field(default="", description="the broker; without one nothing listens")
    mqtt_port: int = Field(default=1883, ge=1, le=65535)
    mqtt_user: str | None = None
    mqtt_password: SecretStr | None = None
    mqtt_tls: bool = False
    mqtt_ca_file: str | None = Field(default=None, description="whom to trust beside those that the system does")
    mqtt_client_id: str = Field(
        default="kulvert-ingest", min_length=1, max_length=65, description="by which the broker knows the session"
    )
    mqtt_source: str = Field(default="mqtt", description="the source whose deliveries these are")
    mqtt_uplink_topics: str = Field(
        default="application/+/device/+/event/up,v3/+/devices/+/up", description="uplinks, with commas between"
    )
    mqtt_telegram_topics: str = Field(default="kulvert/telegrams", description="frames of M-Bus")
    mqtt_reading_topics: str = Field(default="kulvert/readings", description="readings as JSON")
