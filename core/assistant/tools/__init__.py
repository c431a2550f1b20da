"""What the assistant can do for whoever asks, one module for each kind of record.

A module has `TOOLS`, which the model may call, and perhaps `COMMANDS`, which people type. Both are found by being here:
see `core.assistant.tools.registry`.
"""
