"""The child process that serves the embedded model: `python -m core.assistant.local_model_server`.

It reads one JSON line from stdin (the fields of Order), answers with one JSON line on stdout, `{"port": 12345}`, and
then serves until stdin ends. The parent never writes there again, so the end of stdin means that the parent is gone,
however it went; a death signal bound to the parent's thread would be neither portable nor right.
Native output goes to stderr, which the parent sends to a log file or nowhere.
"""

import json
import os
import sys
import threading
from dataclasses import dataclass
from urllib.parse import urlsplit

import xllamacpp

PARENT_CHECK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Order:
    """What to serve. It comes by stdin, because arguments can be read by everyone on the machine."""

    weights: str
    alias: str
    api_key: str
    threads: int
    slots: int
    window: int
    """Tokens of context for each slot."""
    longest_answer: int
    """Tokens after which any answer is ended, whatever the request says: small models ramble."""


def start_server(order: Order) -> xllamacpp.Server:
    params = xllamacpp.CommonParams()
    params.model.path = order.weights
    params.model_alias = {order.alias}
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [order.api_key]
    params.n_parallel = order.slots
    params.n_ctx = order.slots * order.window
    params.n_predict = order.longest_answer
    for cpu in (params.cpuparams, params.cpuparams_batch):
        cpu.n_threads = order.threads
        cpu.poll = 0  # threads that spin while they wait take the cores that Streamlit and PostgreSQL need
    # Prompts kept for reuse beyond the slots' own would take up to 8 GB by default.
    params.cache_ram_mib = 0
    # What the makers of SmolLM2 advise; llama.cpp's own defaults make so small a model ramble.
    params.sampling.temp = 0.2
    params.sampling.top_p = 0.9
    # Against running in circles: whole phrases that come again grow unlikely, single words hardly.
    params.sampling.dry_multiplier = 0.8
    params.sampling.penalty_repeat = 1.05
    params.sampling.penalty_last_n = 128
    params.ui = False
    params.endpoint_slots = False
    params.verbosity = 0
    return xllamacpp.Server(params)


def main() -> None:
    # The pipe to the parent is kept for the one line; whatever native code prints must not fill it and block.
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    order = Order(**json.loads(sys.stdin.readline()))
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    server = start_server(order)
    answer.write(json.dumps({"port": urlsplit(server.listening_address).port}) + "\n")
    answer.close()
    sys.stdin.read()
    # Not a clean exit: there is nothing to save, and the native threads take seconds to wind down.
    os._exit(0)


def _end_with_parent(parent: int) -> None:
    """The second rope: a forked sibling that inherited the pipe would keep stdin open after the parent's death."""
    never = threading.Event()
    while os.getppid() == parent:
        never.wait(PARENT_CHECK_SECONDS)
    os._exit(0)


if __name__ == "__main__":
    main()
