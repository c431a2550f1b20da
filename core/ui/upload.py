"""Choosing or dropping a file, which then goes straight to a route of ours: `st.file_uploader` keeps it in memory."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from core.services.uploads import too_large
from core.ui.told import told

ADDRESS = "/api/import"
KEY = "upload"
LONGEST_NAME = 100
HTML = """
<div class="zone">
  <label><input type="file" accept=".json,.zip,application/json,application/zip"><span>Choose a file</span></label>
  <span class="hint"></span>
  <div class="going" hidden>
    <span class="name"></span>
    <progress max="100" aria-label="Upload"></progress>
    <span class="share"></span>
    <button type="button" class="cancel">Cancel</button>
  </div>
  <div class="broken" hidden><p role="alert"></p><button type="button" class="again">Try again</button></div>
</div>
"""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A file that has arrived, as the browser says it: whether it is this person's is for the services to say."""

    id: str
    name: str


def _beside(ending: str) -> str:
    return Path(__file__).with_suffix(ending).read_text("utf-8")


_upload = st.components.v2.component("upload", html=HTML, css=_beside(".css"), js=_beside(".js"))


def upload(limit: int, on_chosen: Callable[[Chosen], None]) -> None:
    """`limit` in bytes. `on_chosen` is told when the file is there, before the next draw."""

    def arrived() -> None:
        file = told(KEY, "uploaded")
        if isinstance(file, dict):
            on_chosen(Chosen(str(file.get("id")), str(file.get("name"))[:LONGEST_NAME]))

    data = {"address": ADDRESS, "limit": limit, "tooLarge": too_large(limit)}
    _upload(key=KEY, data=json.dumps(data), on_uploaded_change=arrived)
