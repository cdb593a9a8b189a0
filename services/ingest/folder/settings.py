"""Settings of the process that watches folders: KULVERT_<FIELD>, from the environment alone."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class FolderSettings(BaseSettings):
    """What must be known to take files from folders and send what they hold to the ingest service."""

    model_config = SettingsConfigDict(env_prefix="KULVERT_", frozen=True, hide_input_in_errors=True)

    ingest_url: str = Field(pattern="^https?://", description="address of the ingest service")
    source_key: SecretStr = Field(description="key of the source that the files are sent as, best a bulk one")
    folders: dict[str, str] = Field(
        min_length=1, description='folders and their profiles, as JSON: {"/in/north": "/etc/kulvert/north.toml"}'
    )
    folder_settle_seconds: float = Field(
        default=5, gt=0, le=3_600, description="how long a file must not change before it counts as whole"
    )
    folder_judged_seconds: float = Field(
        default=600, ge=0, description="how long to wait for the worker's verdicts before a report says that they lack"
    )
    http_host: str = "127.0.0.1"
    metrics_port: int = Field(default=0, ge=0, le=65535)
