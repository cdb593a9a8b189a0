"""`python -m services.alerts` runs the service."""

from services.alerts.main import main
from services.common import process

process.run("alerts", main)
