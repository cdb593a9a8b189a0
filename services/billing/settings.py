"""Settings of the billing service."""

from pydantic import Field

from services.common.settings import Settings


class BillingSettings(Settings):
    """What this service must be told beside what every service is told: who sells, and on what terms of payment."""

    seller_name: str = "Exempelstads Fjärrvärme AB"
    seller_address: str = "Verksgatan 1, 123 45 Exempelstad"
    seller_organisation_number: str = "556000-0000"
    seller_vat_number: str = "SE556000000001"
    seller_bankgiro: str = "000-0000"
    seller_contact: str = "kundservice@fjarrvarme.example"
    payment_days: int = Field(default=30, ge=1, le=365, description="days from issue until an invoice is due")
    close_batch: int = Field(
        default=1_000,
        ge=1,
        le=20_000,
        description="contracts closed in one transaction; more hold up other runs longer",
    )
