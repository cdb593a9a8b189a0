"""`python -m services.contracts` runs the service."""

from services.common import process
from services.contracts.main import main

process.run("contracts", main)
