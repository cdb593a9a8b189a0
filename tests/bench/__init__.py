"""How fast and how large: each bench by name, beside what one would take instead."""
