"""Metrics of the contracts service, named once with their meaning."""

from prometheus_client import Counter

DOCUMENTS = Counter(
    "kulvert_contracts_documents_total", "Documents taken in, by kind and by what putting them did", ["kind", "change"]
)
DETERMINATIONS = Counter(
    "kulvert_contracts_determinations_total", "Subscription powers determined, by decision", ["decision"]
)
SIGNINGS = Counter("kulvert_contracts_signings_total", "Orders to sign that have ended, by how they did", ["state"])
