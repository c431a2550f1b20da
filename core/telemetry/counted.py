"""What this process counts. No label has more values than there are routes, models, tools, statuses or codes: no ids,
no names of people, nothing that anybody typed.
"""

from collections.abc import Iterator

from core.telemetry.exposition import Family
from core.telemetry.meters import Counter, Histogram, Level

FIRST_TOKEN_BOUNDS = (0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64)
ANSWER_BOUNDS = (0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256)
REQUEST_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

requests = Counter("parley_http_requests", "Answered HTTP requests.", "route", "status")
request_seconds = Histogram(
    "parley_http_request_seconds", "From the request to the beginning of its answer.", REQUEST_BOUNDS, "route"
)
websockets = Level("parley_websockets", "Open websockets: tabs that show a page.")
event_streams = Level("parley_event_streams", "Open event streams.")
errors = Counter("parley_errors", "Errors that people met in answers and over HTTP, by code.", "place", "code")
log_lines = Counter("parley_log_lines", "Lines logged as a warning or worse.", "level", "event")

lost_log_lines = Counter("parley_lost_log_lines", "Lines of the log that could not be written.")

runs_ended = Counter("parley_runs_ended", "Answers that this process ended.", "status")
model_calls = Counter("parley_model_calls", "Calls to models in the ledger.", "model", "purpose", "status")
tokens = Counter("parley_tokens", "Tokens of those calls, as far as they are known.", "model", "kind")
cost = Counter("parley_cost_usd", "What those calls cost in USD, as far as it is known.", "model")
unpriced = Counter("parley_unpriced_calls", "Of those calls, the ones whose cost nobody knows.", "model")
first_token_seconds = Histogram(
    "parley_first_token_seconds", "From asking the model to its first text.", FIRST_TOKEN_BOUNDS, "model"
)
answer_seconds = Histogram("parley_answer_seconds", "Whole calls for answers.", ANSWER_BOUNDS, "model")
tool_calls = Counter("parley_tool_calls", "Calls of tools that ended.", "tool", "outcome")

pool_waits = Counter("parley_database_pool_waits", "Times that somebody found every connection in use.")
pool_wait_seconds = Counter("parley_database_pool_wait_seconds", "What they waited together, in seconds.")


def families() -> Iterator[Family]:
    for meter in globals().values():
        if isinstance(meter, Counter | Histogram):
            yield meter.family()
