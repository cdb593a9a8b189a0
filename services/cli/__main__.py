"""`python -m services.cli` is the `kulvert` command."""

import sys

from deploy.local.folder import StackError

INTERRUPTED = 130

try:
    # Importing takes long enough for a person to press Ctrl-C.
    from services.cli.main import app

    app(prog_name="kulvert")
except StackError as error:
    sys.exit(str(error))
except KeyboardInterrupt:
    sys.exit(INTERRUPTED)
