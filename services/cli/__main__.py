"""`python -m services.cli` is the `kulvert` command."""

import sys

from deploy.local.folder import StackError
from services.cli.main import app

try:
    app(prog_name="kulvert")
except StackError as error:
    sys.exit(str(error))
