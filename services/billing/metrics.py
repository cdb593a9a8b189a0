"""Metrics of the billing service, named once with their meaning."""

from prometheus_client import Counter, Histogram

ISSUED = Counter("kulvert_billing_invoices_issued_total", "Invoices issued")
HELD = Counter("kulvert_billing_held_total", "Times a run left a contract's month without an invoice", ["reason"])
DIRTY = Counter("kulvert_billing_dirty_total", "Issued months whose ground changed afterwards", ["reason"])
BATCH_SECONDS = Histogram(
    "kulvert_billing_close_batch_seconds",
    "Time to close one batch of contracts, in one transaction",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
PDF_SECONDS = Histogram("kulvert_billing_pdf_seconds", "Time to make the PDF of an invoice")
