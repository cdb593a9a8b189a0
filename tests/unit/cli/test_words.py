"""Every reason that a service can give is said in words."""

from services.billing.core.held import HeldReason
from services.cli.invoices import HELD
from services.cli.power_runs import LEFT_OUT
from services.cli.subscription_power import REASONS
from services.contracts.core.proposals import LeftOut
from services.heat.power_methods.measurement import Reason


def test_every_reason_that_holds_a_month_back_has_words() -> None:
    assert set(HELD) == set(HeldReason)


def test_every_reason_that_leaves_a_power_undetermined_has_words() -> None:
    assert set(REASONS) == set(Reason)


def test_every_reason_that_leaves_a_contract_out_of_the_yearly_run_has_words() -> None:
    assert set(LEFT_OUT) == set(LeftOut)
