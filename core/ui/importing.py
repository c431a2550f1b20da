"""Bringing in conversations from elsewhere: a file, what would come in, and what did."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import bootstrap, clock
from core.amounts import counted
from core.errors import DatabaseUnavailable, ParleyError, Unavailable
from core.permissions import Actor
from core.services.import_views import ImportReport, Progress
from core.ui import dialogs, failures, guard, links, times
from core.ui.leftovers import leave_empty
from core.ui.text import as_label, as_sentence
from core.ui.upload import Chosen, upload

CHOSEN, LOOKED, RUN, DONE = "import_chosen", "import_looked", "import_run_wished", "import_done"
PACE = 0.25
"""Seconds between two steps of a bar: each is a message to the browser."""
PARTS = 12
"""The most that stands in the dialog: not to be seen any more while a bar moves."""
IN_SIGHT = 5
"""Failures up to here are all in sight; more are scrolled through."""
REASON = 300
UNDERSTOOD = (
    "Parley reads its own JSON, ChatGPT's export (`conversations.json`, or the ZIP as it came) and Open WebUI's export."
)
WHAT_FOLLOWS = "You see first what would come in. They become chats of yours, which nobody else sees."
AWAY = "Parley can't reach its database at the moment. The file is still here: try again in a minute."
NOTHING_NEW = "Everything in this file is here already."
SOURCES = {"parley": "Parley", "chatgpt": "ChatGPT", "open-webui": "Open WebUI"}


def import_button(actor: Actor) -> None:
    """Opens the dialog, at the file that was chosen last unless that is done with. For whoever may chat."""
    if st.button("Import", icon=":material/upload_file:", key="import", help="Bring in conversations from a file"):
        if DONE in st.session_state:
            _start_over(actor)
        _look_anew()
        import_dialog(actor)


@dialogs.dialog("Import conversations")
def import_dialog(actor: Actor) -> None:
    chosen: Chosen | None = st.session_state.get(CHOSEN)
    if chosen is None and DONE not in st.session_state:
        st.markdown(UNDERSTOOD)
        upload(bootstrap.current().uploads.limit, _take)
        st.caption(WHAT_FOLLOWS)
        return
    try:
        if chosen and DONE not in st.session_state:
            _offer_or_run(actor, chosen)
        if done := st.session_state.get(DONE):
            _result(done)
    except ParleyError as error:
        # Nothing is lost: the file is still there, and so is whatever came in.
        sentence = AWAY if isinstance(error, DatabaseUnavailable) else failures.sentence_of(error)
        st.error(sentence, icon=":material/error:")
        with st.container(horizontal=True):
            if isinstance(error, Unavailable):
                st.button("Try again", on_click=_look_anew, key="import_again")
            _other_file(actor)


def _take(chosen: Chosen) -> None:
    st.session_state[CHOSEN] = chosen


def _start_over(actor: Actor) -> None:
    """Forgets what was chosen, and the file with it."""
    chosen: Chosen | None = st.session_state.pop(CHOSEN, None)
    for name in (LOOKED, RUN, DONE):
        st.session_state.pop(name, None)
    if chosen:
        dialogs.tried(lambda: bootstrap.current().uploads.drop(guard.again(actor), chosen.id))


def _look_anew() -> None:
    st.session_state.pop(LOOKED, None)


def _offer_or_run(actor: Actor, chosen: Chosen) -> None:
    name, place = st.empty(), st.empty()
    name.markdown(f":material/description: {as_label(chosen.name)}")
    leave_empty(PARTS)
    if st.session_state.pop(RUN, False):
        _run(actor, chosen, place)
        name.empty()
        return
    looked = _looked(actor, chosen, place)
    _words(looked, "would come in")
    with st.container(horizontal=True):
        if looked.conversations:
            label = f"Import {counted(looked.conversations, 'conversation')}"
            st.button(label, type="primary", on_click=_wish, key="import_run")
        _other_file(actor)


def _wish() -> None:
    """The next draw imports."""
    st.session_state[RUN] = True


def _other_file(actor: Actor) -> None:
    st.button("Choose another file", on_click=_start_over, args=[actor], key="import_other")


def _looked(actor: Actor, chosen: Chosen, place: DeltaGenerator) -> ImportReport:
    """What is in the file, looked at once."""
    if LOOKED not in st.session_state:
        app, actor = bootstrap.current(), guard.again(actor)
        with app.uploads.open(actor, chosen.id) as file, _bar(place, "Looked at") as tell:
            st.session_state[LOOKED] = app.importing.look(actor, file, progress=tell)
    looked: ImportReport = st.session_state[LOOKED]
    return looked


def _run(actor: Actor, chosen: Chosen, place: DeltaGenerator) -> None:
    """A click elsewhere ends it between two conversations; then the file is looked at anew, and shows what is left."""
    _look_anew()
    app, actor = bootstrap.current(), guard.again(actor)
    with app.uploads.open(actor, chosen.id) as file, _bar(place, "Imported") as tell:
        done = app.importing.run(actor, file, progress=tell)
    st.session_state[DONE] = done
    if not done.trouble:
        st.session_state.pop(CHOSEN)
        app.uploads.drop(actor, chosen.id)


@contextmanager
def _bar(place: DeltaGenerator, verb: str) -> Iterator[Callable[[Progress], None]]:
    bar, drawn_at = place.progress(0.0, f"{verb} nothing yet"), clock.now()

    def tell(progress: Progress) -> None:
        nonlocal drawn_at
        if (clock.now() - drawn_at).total_seconds() >= PACE:
            bar.progress(progress.share, f"{verb} {counted(progress.conversations, 'conversation')}")
            drawn_at = clock.now()

    try:
        yield tell
    except ParleyError:
        bar.empty()
        raise
    bar.empty()


def _result(done: ImportReport) -> None:
    _words(done, "came in")
    with st.container(horizontal=True):
        if done.trouble and CHOSEN in st.session_state:
            st.button("Go on with this file", on_click=_go_on, key="import_on")
        if st.button("Show conversations", type="primary", key="import_show"):
            st.switch_page(links.BROWSE.page())


def _go_on() -> None:
    st.session_state.pop(DONE, None)


def _words(report: ImportReport, verb: str) -> None:
    """What would come in, or did, and what would not."""
    if report.conversations:
        st.markdown(f"**{counted(report.conversations, 'conversation')}** {verb}.")
        st.table(_rows(report), border="horizontal")
    elif report.already:
        st.markdown(NOTHING_NEW)
    if report.already and report.conversations:
        st.markdown(f"{counted(report.already, 'conversation')} more {_are(report.already)} here already.")
    for note, count in report.notes:
        st.caption(f":material/info: {as_label(note, REASON)} ({counted(count, 'conversation')})")
    if report.failed:
        _failures(report)
    if report.trouble:
        st.warning(as_sentence(report.trouble), icon=":material/warning:")


def _rows(report: ImportReport) -> dict[str, str]:
    rows = {
        "From": ", ".join(SOURCES.get(source, source) for source in report.sources),
        "Messages": f"{report.messages:,}",
    }
    if report.first_at and report.last_at:
        days = {times.day(moment, times.zone()): None for moment in (report.first_at, report.last_at)}
        rows["Said"] = " to ".join(days)
    return rows


def _failures(report: ImportReport) -> None:
    st.markdown(f"{counted(report.failed, 'conversation')} can't come in:")
    with st.container(height=220 if len(report.failures) > IN_SIGHT else "content", border=True):
        for failure in report.failures:
            title = as_label(failure.title, 100) or f"Number {failure.position:,} in the file, without a title"
            st.markdown(f"**{title}**  \n{as_label(failure.reason, REASON)}")
        if (left := report.failed - len(report.failures)) > 0:
            st.markdown(f"and {left:,} more")


def _are(number: int) -> str:
    return "is" if number == 1 else "are"
