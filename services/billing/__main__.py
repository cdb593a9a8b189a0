"""`python -m services.billing` runs the service."""

from services.billing.main import main
from services.common import process

process.run("billing", main)
