"""My Pages: what the services know, shown to each visitor within his own rights."""
