"""Settings of the contracts service."""

from pydantic import Field, SecretStr

from services.common.settings import Settings


class ContractsSettings(Settings):
    """What this service must be told beside what every service is told."""

    identity_key: SecretStr = Field(
        min_length=64,
        max_length=64,
        description="256-bit key, hexadecimal, that seals personal and organisation numbers and makes their digests",
    )
    import_batch_rows: int = Field(default=500, ge=1, le=10_000, description="rows of an import stored at once")
