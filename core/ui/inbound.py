"""What browsers send to Streamlit, and what of it Parley has any use for."""

from google.protobuf.message import DecodeError
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.runtime.runtime_util import get_max_widget_state_size_bytes

WANTED = frozenset({"rerun_script", "stop_script", "app_heartbeat"})
"""The others are for developers (what git says of this folder, everybody's caches, running again when a file is saved,
Streamlit's skills for coding agents) or for files that Streamlit keeps, of which there are none here.
"""


def is_wanted(frame: bytes) -> bool:
    """False for what a page of ours never sends. What is no message at all is for Streamlit to say; what is too long as
    well, which it closes the socket for without reading it: that alone may take seconds and a gigabyte.
    """
    if len(frame) > get_max_widget_state_size_bytes():
        return True
    try:
        kind = BackMsg.FromString(frame).WhichOneof("type")
    except DecodeError:
        return True
    return kind is None or kind in WANTED
