"""`python -m services.cli` is the `kulvert` command."""

from services.cli.main import app

app(prog_name="kulvert")
