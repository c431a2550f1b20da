from sqlmodel import Session


class Repository:
    """SQL of one aggregate, in the transaction of the session it is given. Flushes at most, never commits."""

    def __init__(self, session: Session) -> None:
        self.session = session
