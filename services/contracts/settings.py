"""Settings of the contracts service."""

from typing import Annotated

from pydantic import Field, SecretStr, StringConstraints

from schemas.tariffs import OrganisationNumber
from services.common.settings import Settings


class ContractsSettings(Settings):
    """What this service must be told beside what every service is told."""

    identity_key: SecretStr = Field(
        min_length=64,
        max_length=64,
        description="256-bit key, hexadecimal, that seals personal and organisation numbers and makes their digests",
    )
    seller_name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)] = Field(
        default="Fjärrvärmebolaget", description="whose prices the tariff interface gives"
    )
    seller_organisation_number: OrganisationNumber = "000000-0000"
    import_batch_rows: int = Field(default=500, ge=1, le=10_000, description="rows of an import stored at once")
