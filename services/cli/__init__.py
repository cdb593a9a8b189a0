"""The `kulvert` command."""
