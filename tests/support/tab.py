"""A browser's tab without the browser: Streamlit's websocket protocol, the page as it stands, and a person's clicks."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, TypeVar
from uuid import UUID

import httpx2
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Block_pb2 import Block
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from core.ids import new_id
from core.web.cookies import SESSION

PATIENCE = 30.0
"""Seconds to wait for what a click brings."""
SHIMMER = " :shimmer[…]"
THINKING = ":shimmer[Thinking …]"
LIVE = "live"
ROWS = "message_bar_code"
"""Where clicks in the rows under messages are told."""
EAR_PATIENCE = 3.0
"""Seconds of silence after which it asks again; no longer, so that it ends with its test."""
WAITING = ":material/schedule:"

Found = TypeVar("Found")
Path = tuple[int, ...]


@dataclass(frozen=True)
class Node:
    drawn: Element | Block
    run: str
    fragment: str


@dataclass
class Bubble:
    """One message as it is drawn."""

    who: str
    avatar: str = ""
    texts: list[str] = field(default_factory=list)
    captions: list[str] = field(default_factory=list)
    alerts: list[str] = field(default_factory=list)
    buttons: list[str] = field(default_factory=list)
    actions: list[str] = field(default_factory=list)
    """The names in the row under it."""

    @property
    def text(self) -> str:
        """What was said, without the marks of an answer that is still being written, nor white space at its ends."""
        return "" if self.texts[:1] == [THINKING] else "".join(self.texts[:1]).removesuffix(SHIMMER).strip()

    @property
    def is_growing(self) -> bool:
        return any(":shimmer[" in text for text in self.texts)

    @property
    def is_waiting(self) -> bool:
        """A question in the queue."""
        return self.avatar == WAITING


class Tab:
    """`with Tab(url, token, "chat") as tab: tab.ask("…"); tab.until(lambda: tab.answers)`."""

    def __init__(self, url: str, token: str, page: str = "chat", query: str = "") -> None:
        self.url = url
        self.query = query
        self.is_drawing = False
        """The script runs: what stands on the page may be older than the last click."""
        self.alerts_seen: list[str] = []
        """Every alert and exception that was ever drawn here."""
        self._token = token
        self._request = BackMsg()
        self._request.rerun_script.page_name = page
        self._request.rerun_script.context_info.timezone = "Europe/Berlin"
        self._nodes: dict[Path, Node] = {}
        self._run, self._fragments = "", frozenset[str]()
        self._changed = threading.Condition()
        self._session = ""
        self.last = b""
        """The frame that was sent last."""
        self._socket: ClientConnection | None = None
        self._ending = ExitStack()
        self._reader: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def open(self) -> None:
        """Connects, after a loss to the same session as a browser does, and has the page drawn."""
        self.close()
        protocols = ["streamlit", "PLACEHOLDER_AUTH_TOKEN", self._session] if self._session else ["streamlit"]
        opening = connect(
            f"ws{self.url.removeprefix('http')}/_stcore/stream",
            origin=Origin(self.url),
            additional_headers={"Cookie": f"{SESSION}={self._token}"},
            subprotocols=[Subprotocol(protocol) for protocol in protocols],
            compression=None,
            max_size=None,
            max_queue=None,
            ping_interval=None,
        )
        self._socket = self._ending.enter_context(opening)
        self._reader = threading.Thread(target=self._read, args=[self._socket], name="tab", daemon=True)
        self._reader.start()
        self.rerun()

    def reopen(self, patience: float = PATIENCE) -> None:
        """Tries until the server is back."""
        deadline = time.monotonic() + patience
        while True:
            try:
                return self.open()
            except (OSError, WebSocketException):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def close(self) -> None:
        self._ending.close()
        self._socket = None
        if self._reader:
            self._reader.join()

    @property
    def is_open(self) -> bool:
        return self._reader is not None and self._reader.is_alive()

    # What a person does.

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Meanwhile it is told what happens elsewhere, as core/ui/live.py has a browser do it."""
        ended = threading.Event()
        ear = threading.Thread(target=self._listen, args=[ended], name="tab-events", daemon=True)
        ear.start()
        try:
            yield
        finally:
            ended.set()
            ear.join()

    def rerun(self, *states: WidgetState) -> None:
        """Has the page drawn, with what was clicked or typed."""
        self._request.rerun_script.query_string = self.query
        message = BackMsg()
        message.CopyFrom(self._request)
        message.rerun_script.widget_states.widgets.extend(states)
        self._send(message.SerializeToString())

    def resend(self, frame: bytes | None = None) -> None:
        """The very same frame once more: the last one, or one of before."""
        self._send(frame or self.last)

    def ask(self, text: str) -> None:
        """Types into the box and presses Enter, as soon as the box is there."""
        box = self.until(lambda: next((one.chat_input for one in self._elements("chat_input")), None))
        state = WidgetState(id=box.id)
        state.chat_input_value.data = text
        self.rerun(state)

    def click(self, label: str) -> None:
        """Clicks the last button of that name, as soon as there is one."""
        button = self.until(lambda: next((one for one in reversed(self._buttons()) if one.label == label), None))
        self.rerun(WidgetState(id=button.id, trigger_value=True))

    def act(self, name: str, *, on: str) -> None:
        """Clicks in the row under the last message of that role, like act("regenerate", on="assistant")."""
        row = self.until(lambda: next((one for one in reversed(self._rows(on)) if name in _actions(one)), None))
        act = {"id": str(new_id()), "message": _data(row)["message"], "name": name, "value": None}
        self.rerun(_trigger(self.until(lambda: self._part(ROWS)), "acts", [act]))

    # What a person sees.

    def until(self, look: Callable[[], Found | None], patience: float = PATIENCE) -> Found:
        """What `look` returns as soon as that is true of the page. Fails the test after `patience` seconds."""
        with self._changed:
            if found := self._changed.wait_for(look, patience):
                return found
        raise AssertionError(f"not on the page after {patience:g} s (open: {self.is_open}):\n{self}")

    def is_settled(self, question: str, answer: str) -> bool:
        is_there = self.questions[-1:] == [question] and [one.text for one in self.answers[-1:]] == [answer.strip()]
        return is_there and not self.is_drawing

    def wait_settled(self, question: str, answer: str, patience: float = PATIENCE) -> None:
        """Until both are the last on the page, and nothing is being written or drawn."""
        self.until(lambda: self.is_settled(question, answer), patience)

    def wait_longer(self, text: str) -> None:
        """Until there is more of the last answer than that."""
        self.until(lambda: self.answers and len(self.answers[-1].text) > len(text))

    @property
    def bubbles(self) -> list[Bubble]:
        """The messages in the order in which they stand there."""
        with self._changed:
            places = {
                path: Bubble(node.drawn.chat_message.name, node.drawn.chat_message.avatar)
                for path, node in self._blocks("chat_message")
            }
            for path, node in sorted(self._nodes.items()):
                if isinstance(node.drawn, Element) and (place := _inside(path, places)):
                    _note(places[place], node.drawn)
        return list(places.values())

    @property
    def questions(self) -> list[str]:
        return [bubble.text for bubble in self.bubbles if bubble.who == "user" and not bubble.is_waiting]

    @property
    def queued(self) -> list[Bubble]:
        """The questions that wait for their turn."""
        return [bubble for bubble in self.bubbles if bubble.is_waiting]

    @property
    def answers(self) -> list[Bubble]:
        return [bubble for bubble in self.bubbles if bubble.who == "assistant"]

    @property
    def buttons(self) -> list[str]:
        """Their labels, those in messages included."""
        return [button.label for button in self._buttons()]

    @property
    def alerts(self) -> list[str]:
        return [one.alert.body for one in self._elements("alert")]

    @property
    def can_ask(self) -> bool:
        return bool(self._elements("chat_input"))

    @property
    def texts(self) -> list[str]:
        """All Markdown on the page, captions and headings included."""
        return [one.markdown.body or one.heading.body for one in self._elements("markdown", "heading")]

    @property
    def conversation(self) -> UUID:
        """The open one's, as soon as the address bar has it."""
        return UUID(self.until(lambda: self.query.partition("c=")[2].partition("&")[0]))

    def holds(self, text: str) -> bool:
        """Whether that is anywhere in what the browser was given to draw."""
        with self._changed:
            return any(text.encode() in node.drawn.SerializeToString() for node in self._nodes.values())

    def __str__(self) -> str:
        lines = [f"{bubble}" for bubble in self.bubbles]
        return "\n".join([f"?{self.query}", *lines, f"buttons {self.buttons}", f"alerts {self.alerts}"])

    # How it comes here.

    def _send(self, frame: bytes) -> None:
        assert self._socket, "not open"
        self.last = frame
        self.is_drawing = True
        self._socket.send(frame)

    def _read(self, socket: ClientConnection) -> None:
        try:
            for frame in socket:
                assert isinstance(frame, bytes)
                message = ForwardMsg.FromString(frame)
                with self._changed:
                    self._take(message)
                    self._changed.notify_all()
        except ConnectionClosed:
            pass
        finally:
            with self._changed:
                self._changed.notify_all()

    def _listen(self, ended: threading.Event) -> None:
        while not ended.is_set():
            live = self.until(self._live)
            watched = _data(live)
            try:
                for state in self._states(watched["address"], watched["seen"]):
                    if ended.is_set():
                        return
                    if state != _data(self._live() or live)["seen"]:
                        self.rerun(_trigger(live, "state", state))
            except (httpx2.HTTPError, ConnectionClosed):
                ended.wait(0.2)

    def _live(self) -> Element | None:
        return self._part(LIVE)

    def _part(self, name: str) -> Element | None:
        """One of our own parts."""
        parts = self._elements("bidi_component")
        return next((one for one in parts if one.bidi_component.component_name == name), None)

    def _states(self, address: str, seen: str) -> Iterator[str]:
        """Each that the server tells, until it is silent for a while."""
        headers = {"cookie": f"{SESSION}={self._token}"}
        with httpx2.stream("GET", f"{self.url}{address}&seen={seen}", headers=headers, timeout=EAR_PATIENCE) as told:
            event = ""
            for line in told.iter_lines():
                name, _, text = line.partition(": ")
                if name == "event":
                    event = text
                elif name == "data" and event == "changed":
                    yield text

    def _take(self, message: ForwardMsg) -> None:
        match message.WhichOneof("type"):
            case "new_session":
                self.is_drawing = True
                self._session = message.new_session.initialize.session_id
                self._run = message.metadata.run.script_run_id
                self._fragments = frozenset(message.metadata.run.fragment_ids)
            case "navigation":  # from now on as a browser does: by the page's hash
                self._request.rerun_script.page_script_hash = message.navigation.page_script_hash
            case "page_info_changed":
                self.query = message.page_info_changed.query_string
            case "delta":
                self._draw(tuple(message.metadata.delta_path), message)
            case "script_finished" if message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                self.is_drawing = False
                self._forget_stale()

    def _draw(self, path: Path, message: ForwardMsg) -> None:
        delta = message.delta
        match delta.WhichOneof("type"):
            case "new_element":
                for below in [other for other in self._nodes if other[: len(path)] == path]:
                    del self._nodes[below]
                self._nodes[path] = Node(delta.new_element, self._run, delta.fragment_id)
                for shown in (delta.new_element.alert.body, delta.new_element.exception.message):
                    self.alerts_seen += [shown] if shown else []
            case "add_block":
                self._nodes[path] = Node(delta.add_block, self._run, delta.fragment_id)

    def _forget_stale(self) -> None:
        """What the run that ended did not draw again is gone from the page."""
        self._nodes = {
            path: node
            for path, node in self._nodes.items()
            if node.run == self._run or (self._fragments and node.fragment not in self._fragments)
        }

    def _elements(self, *kinds: str) -> list[Element]:
        with self._changed:
            drawn = [node.drawn for _, node in sorted(self._nodes.items(), key=lambda item: item[0])]
        return [one for one in drawn if isinstance(one, Element) and one.WhichOneof("type") in kinds]

    def _buttons(self) -> list[Any]:
        return [one.button for one in self._elements("button")]

    def _blocks(self, kind: str) -> Iterator[tuple[Path, Any]]:
        for path, node in sorted(self._nodes.items(), key=lambda item: item[0]):
            if isinstance(node.drawn, Block) and node.drawn.WhichOneof("type") == kind:
                yield path, node

    def _rows(self, who: str) -> list[Element]:
        with self._changed:
            places = {path: who for path, node in self._blocks("chat_message") if node.drawn.chat_message.name == who}
            return [
                node.drawn
                for path, node in sorted(self._nodes.items(), key=lambda item: item[0])
                if isinstance(node.drawn, Element) and _inside(path, places)
            ]


def _inside(path: Path, places: dict[Path, Any]) -> Path | None:
    """The innermost of the places that this one lies in."""
    return next((path[:length] for length in range(len(path), 0, -1) if path[:length] in places), None)


def _note(bubble: Bubble, element: Element) -> None:
    match element.WhichOneof("type"):
        case "markdown" if element.markdown.element_type == element.markdown.CAPTION:
            bubble.captions.append(element.markdown.body)
        case "markdown":
            bubble.texts.append(element.markdown.body)
        case "alert":
            bubble.alerts.append(element.alert.body)
        case "button":
            bubble.buttons.append(element.button.label)
        case "bidi_component":
            bubble.actions += _actions(element)


def _actions(element: Element) -> list[str]:
    """The names in the row under a message; none for anything else."""
    return list(_data(element).get("actions", []))


def _data(element: Element) -> dict[str, Any]:
    """What a part of our own was given; nothing for anything else."""
    if element.WhichOneof("type") != "bidi_component" or not element.bidi_component.json:
        return {}
    return dict(json.loads(json.loads(element.bidi_component.json)))


def _trigger(element: Element, event: str, value: object) -> WidgetState:
    """What a part's `setTriggerValue` sends."""
    told = json.dumps([{"event": event, "value": value}])
    return WidgetState(id=f"$$STREAMLIT_INTERNAL_KEY_{element.bidi_component.id}__events", json_trigger_value=told)
