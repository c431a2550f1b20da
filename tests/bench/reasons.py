"""Why goals are missed: what stands below the first table of docs/benchmarks.md for those that are."""

REASONS = {
    ("audit", "N events, first page"): (
        "it is the very first look with each filter after the chain was made, when nothing that it reads is in memory."
        " Those after it are the rows named page."
    ),
    ("pages", "the chat page"): (
        "a rerun draws 40 messages with their actions, which are some 140 messages to the browser where a bare page has"
        " a handful. Beside the same elements out of constants, in the row below it, most of the time is Streamlit's."
    ),
    ("live", "from commit to the screen on N open pages of one room"): (
        "all of them are drawn by one process, one after the other, at some 25 ms of a processor each, most of it"
        " Streamlit's own sending. The event is there long before, and with two to five people in a room it is on the"
        " screen after 0.1 to 0.4 s. More processes share it."
    ),
}
"""By group, and by family of rows without its numbers. A new one: `python -m tests.bench --rewrite`."""
UNKNOWN = "nobody has looked into it yet."
