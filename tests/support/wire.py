"""Streamlit's websocket protocol by hand: every frame of a run as it came, nothing drawn and nothing forgotten."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from core.web.cookies import SESSION

PATIENCE = 60.0
SILENCE = 0.2
"""Seconds without a frame after which nothing more is taken to come."""


class Wire:
    """One browser's socket, and what it was given on it."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self.pages: dict[str, str] = {}
        """The hash of each page of the navigation by its path."""
        self.fragments: dict[str, None] = {}
        """The ids of all that can be drawn by themselves, in the order that they came in."""
        self.widgets: dict[str, str] = {}
        """What each of them is, by its id."""
        self.media: set[str] = set()
        """Addresses of files that Streamlit keeps."""

    def visit(self, page: str = "", query: str = "", *, clicked: Iterable[str] = (), **more: Any) -> bytes:
        """Asks for a page, as a deep link does, or for a part of it. All that comes until it is drawn."""
        return self.run(asking(page, query, clicked=clicked, **more))

    def run(self, message: BackMsg) -> bytes:
        """All that comes until what was asked for is drawn."""
        self.send(message)
        frames = []
        while True:
            frame, told = self._next(PATIENCE)
            frames.append(frame)
            is_over = told.WhichOneof("type") == "script_finished"
            if is_over and told.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                return b"".join(frames)

    def send(self, message: BackMsg) -> None:
        self._socket.send(message.SerializeToString())

    def next_kind(self) -> str:
        return self._next(PATIENCE)[1].WhichOneof("type") or ""

    def rest(self) -> bytes:
        """All that still comes."""
        frames = []
        try:
            while True:
                frames.append(self._next(SILENCE)[0])
        except TimeoutError:
            return b"".join(frames)

    def _next(self, patience: float) -> tuple[bytes, ForwardMsg]:
        frame = self._socket.recv(patience, decode=False)
        told = ForwardMsg.FromString(frame)
        self._note(told)
        return frame, told

    def _note(self, told: ForwardMsg) -> None:
        if told.WhichOneof("type") == "navigation":
            self.pages = {page.url_pathname: page.page_script_hash for page in told.navigation.app_pages}
        if told.WhichOneof("type") == "delta":
            delta = told.delta
            if delta.fragment_id:
                self.fragments[delta.fragment_id] = None
            if delta.WhichOneof("type") == "new_element":
                kind = delta.new_element.WhichOneof("type") or ""
                if id_ := getattr(getattr(delta.new_element, kind, None), "id", ""):
                    self.widgets[id_] = kind
        self.media |= set(_media_in(str(told)))


def asking(page: str = "", query: str = "", *, clicked: Iterable[str] = (), **more: Any) -> BackMsg:
    message = BackMsg()
    message.rerun_script.page_name = page
    message.rerun_script.query_string = query
    message.rerun_script.context_info.timezone = "UTC"
    message.rerun_script.widget_states.widgets.extend(WidgetState(id=id_, trigger_value=True) for id_ in clicked)
    for name, value in more.items():
        setattr(message.rerun_script, name, value)
    return message


def _media_in(text: str) -> Iterator[str]:
    for part in text.split('"'):
        if part.startswith("/media/"):
            yield part


@contextmanager
def wire(url: str, token: str | None, *, origin: str | None = None, **headers: str) -> Iterator[Wire]:
    cookie = {"Cookie": f"{SESSION}={token}"} if token else {}
    with connect(
        f"ws{url.removeprefix('http')}/_stcore/stream",
        origin=Origin(origin or url),
        additional_headers=cookie | headers,
        subprotocols=[Subprotocol("streamlit")],
        compression=None,
        max_size=None,
        max_queue=None,
        ping_interval=None,
        open_timeout=PATIENCE,
    ) as socket:
        yield Wire(socket)


def refused_with(url: str, token: str | None, **options: Any) -> int:
    """The status that the handshake is answered with; 101 when it is not refused."""
    try:
        with wire(url, token, **options):
            return 101
    except InvalidStatus as refusal:
        return refusal.response.status_code


def words_in(frames: bytes, words: Sequence[str]) -> set[str]:
    """Those of them that stand in it, in texts, labels, addresses, specifications of charts or tables."""
    told = frames.lower()
    return {word for word in words if word.lower().encode() in told}
