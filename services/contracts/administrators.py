"""Who decides for a customer: his administrators, under a session that was not opened by a link in an e-mail."""

from collections.abc import Collection
from typing import Final

from services.contracts.core.refusals import Refusal, RefusedError
from services.contracts.store.offers import Signer

ADMINISTRATOR = "administrator"
ONLY_TO_LOOK = "email"
"""How somebody has logged in who may look and not decide."""
_SAID: Final = {
    Refusal.ONLY_ADMINISTRATORS: "only the customer's administrators decide this",
    Refusal.ONLY_LOOKS: "a session by an e-mail link may look and not decide",
}


def why_not(signer: Signer, levels: Collection[str]) -> Refusal | None:
    """Say why a person with these levels of a customer's grants does not decide for him; None where he does."""
    if ADMINISTRATOR not in levels:
        return Refusal.ONLY_ADMINISTRATORS
    return Refusal.ONLY_LOOKS if signer.assurance == ONLY_TO_LOOK else None


def require_deciding(signer: Signer, levels: Collection[str]) -> None:
    """Raise RefusedError where a person does not decide for a customer."""
    refusal = why_not(signer, levels)
    if refusal is not None:
        raise RefusedError(refusal, _SAID[refusal])
