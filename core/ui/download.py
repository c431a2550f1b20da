"""Fetching a file from a route of ours with its progress: a link does the same where scripts can't."""

import json
from pathlib import Path

import streamlit as st

HTML = """
<div class="zone">
  <div class="ready"><a download>Download</a><span class="said" role="status" dir="auto"></span></div>
  <div class="going" hidden>
    <progress aria-label="Download"></progress><span class="share"></span>
    <button type="button" class="cancel">Cancel</button>
  </div>
  <div class="broken" hidden>
    <p role="alert"></p>
    <button type="button" class="again">Try again</button><a download>Download without progress</a>
  </div>
</div>
"""


def _beside(ending: str) -> str:
    return Path(__file__).with_suffix(ending).read_text("utf-8")


_download = st.components.v2.component("download", html=HTML, css=_beside(".css"), js=_beside(".js"))


def download(address: str, *, key: str) -> None:
    """What the route at `address` sends as an attachment; its sentence where it refuses."""
    _download(key=key, data=json.dumps({"address": address}))
