"""What browsers send to Streamlit, and what of it gets there."""

import pytest
from streamlit.proto.BackMsg_pb2 import BackendOperationRequest, BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.Common_pb2 import FileURLsRequest
from streamlit.runtime.runtime_util import get_max_widget_state_size_bytes

from core.ui.inbound import is_wanted

KINDS = {
    "rerun_script": BackMsg(rerun_script=ClientState(query_string="c=1", fragment_id="f", is_auto_rerun=True)),
    "stop_script": BackMsg(stop_script=True),
    "app_heartbeat": BackMsg(app_heartbeat=True),
}
OTHERS = {
    "clear_cache": BackMsg(clear_cache=True),
    "set_run_on_save": BackMsg(set_run_on_save=True),
    "load_git_info": BackMsg(load_git_info=True),
    "debug_disconnect_websocket": BackMsg(debug_disconnect_websocket=True),
    "debug_shutdown_runtime": BackMsg(debug_shutdown_runtime=True),
    "file_urls_request": BackMsg(file_urls_request=FileURLsRequest(request_id="1")),
    "backend_operation_request": BackMsg(backend_operation_request=BackendOperationRequest(request_id="1")),
}


def test_these_are_all_there_are() -> None:
    assert {field.name for field in BackMsg.DESCRIPTOR.oneofs_by_name["type"].fields} == {*KINDS, *OTHERS}


@pytest.mark.parametrize("kind", KINDS)
def test_what_pages_send_gets_in(kind: str) -> None:
    assert is_wanted(KINDS[kind].SerializeToString())


@pytest.mark.parametrize("kind", OTHERS)
def test_what_they_never_send_does_not(kind: str) -> None:
    assert not is_wanted(OTHERS[kind].SerializeToString())
    # Of several the last one counts, for Streamlit as well.
    assert not is_wanted(KINDS["rerun_script"].SerializeToString() + OTHERS[kind].SerializeToString())


def test_what_is_too_long_is_not_read_at_all() -> None:
    """Streamlit closes the socket for its length. Read first, 50 MB of a sort take 1.5 seconds and gigabytes."""
    frame = BackMsg(
        file_urls_request=FileURLsRequest(request_id="x" * get_max_widget_state_size_bytes())
    ).SerializeToString()
    assert is_wanted(frame)
    assert not is_wanted(BackMsg(file_urls_request=FileURLsRequest(request_id="x" * 1_000_000)).SerializeToString())
