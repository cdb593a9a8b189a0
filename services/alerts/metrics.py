"""Metrics of the alerts service, named once with their meaning."""

from prometheus_client import Counter

EPISODES = Counter("kulvert_alerts_episodes_total", "Episodes by what happened to them", ["happening"])
"""happening: opened, changed, withdrawn, acknowledged."""
