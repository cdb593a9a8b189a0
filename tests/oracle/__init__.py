"""The way from readings to verdicts, hours and days once more, for comparison.

Shares no code with the services: what both say alike, both would have to get wrong alike. Written from domain.md,
not from the services.
"""
