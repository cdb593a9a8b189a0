"""What the service's requests need."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from services.common.bankid.orders import Orders
from services.common.bankid.rp_api import BankId
from services.common.identity_seal import Sealer
from services.common.postgres import Database
from services.contracts.settings import ContractsSettings


@dataclass(frozen=True)
class Parts:
    """What the requests need."""

    database: Database
    sealer: Sealer
    signings: Orders[None]
    bankid: BankId
    settings: ContractsSettings

    def today(self) -> date:
        """Give the utility's own date."""
        return datetime.now(UTC).astimezone(self.settings.zone).date()
