"""Metrics of the permissions service, named once with their meaning."""

from prometheus_client import Counter

LOG_INS = Counter("kulvert_permissions_log_ins_total", "Log-ins that have ended, by how they did", ["outcome"])
GRANTS = Counter("kulvert_permissions_grants_total", "Grants given, changed and withdrawn", ["change"])
