"""What this process counts as it works, for Prometheus; `serve_metrics` sums it up over the processes of a host.

Labels are names out of the code (views, jobs, gateways), so that there are never more than some hundred of them: no
numbers, no addresses, nothing of anybody.
"""

from prometheus_client import Counter, Histogram

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)

REQUESTS = Histogram(
    "plusdesk_http_request_seconds", "Requests, by how long they took.", ("view", "method", "status"), buckets=SECONDS
)
CHUNKS = Counter("plusdesk_job_chunks", "Chunks of jobs that were tried, by what came of it.", ("job", "outcome"))
ITEMS = Counter(
    "plusdesk_job_items", "What jobs did, item by item (rows of imports, cards, lots, messages).", ("job", "outcome")
)
GATEWAY_CALLS = Counter("plusdesk_gateway_calls", "Answers of gateways, by outcome.", ("gateway", "outcome"))
GATEWAY_SECONDS = Histogram(
    "plusdesk_gateway_call_seconds", "Conversations about one payment, by how long they took.", ("gateway",),
    buckets=SECONDS,
)  # fmt: skip
