"""Alerts: when a figure is out of bounds, who is told, and how it ends."""
