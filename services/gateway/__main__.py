"""`python -m services.gateway` runs the service."""

from services.common import process
from services.gateway.main import main

process.run("gateway", main)
