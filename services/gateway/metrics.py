"""Metrics of the gateway, named once with their meaning."""

from prometheus_client import Counter

SECTIONS_FAILED = Counter(
    "kulvert_gateway_sections_failed_total", "Parts of pages that could not be read and said so", ["section"]
)
COMMANDS = Counter("kulvert_gateway_commands_total", "Visitors' commands passed on, by answer", ["command", "status"])
TARIFF_QUESTIONS = Counter(
    "kulvert_gateway_tariff_questions_total", "Questions passed on to the tariff interface", ["status"]
)
