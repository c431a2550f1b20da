"""Why goals are missed: what stands below the first table of docs/benchmarks.md for those that are."""

REASONS = {
    ("audit", "N events, first page"): (
        "it is the very first look with each filter after the chain was made, when nothing that it reads is in memory."
        " Those after it are the rows named page."
    ),
    ("pages", "the chat page"): (
        "a rerun draws 40 messages with their actions, where a bare page has a line of text. The row below it has the"
        " same elements out of constants: what Streamlit itself takes for them."
    ),
    ("live", "from commit to the screen on N open pages of one room"): (
        "all of them are drawn by one process, a few at a time. Each has to read the transcript as this person may see"
        " it; most of the rest is what Streamlit does for two runs, a callback's and that of the parts it calls for."
        " The event is there long before: that is the row above it. Fewer people in a room have it sooner, and more"
        " processes share it."
    ),
    ("answers", "the oldest token that is not in the database yet, whenever some are kept"): (
        "what is kept is written four times a second, so 250 ms are usual. The rest is Python's: the collector's passes"
        " through all that the bench has loaded, which a served Parley takes out of its sight, and a hundred answers"
        " that end while the others are written."
    ),
    ("search", "N messages, shapes"): (
        "of a phrase the inverted index knows the words and not their order, so whatever has all of them is read, as"
        " far back as is likely to be enough. For two common words that seldom stand together that is much."
    ),
}
"""By group, and by family of rows without its numbers. A new one: `python -m tests.bench --rewrite`."""
UNKNOWN = "nobody has looked into it yet."
