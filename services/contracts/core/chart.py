"""A determination drawn as the standard chart of its method."""

from services.contracts.core.determination import Findings
from services.heat.local_time import EPOCH


def svg_of(findings: Findings, name: str) -> str:
    """Draw what a determination found; name: of the metering point."""
    return f"{EPOCH}{findings}{name}"
