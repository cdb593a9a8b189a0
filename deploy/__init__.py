"""How Kulvert is run: the embedded stack, the image, the monitoring."""
