"""What a link opens that an admin made: an account for who was invited, or a new password."""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core.errors import Conflict, Invalid, LinkExpired, ParleyError, Suspended, TooManyAttempts
from core.services.sessions import SignedIn
from core.web import addresses
from core.web.application import Application
from core.web.form_pages import FormPages
from core.web.forms import read_form
from core.web.gate import session_of
from core.web.html import page
from core.web.problems import status_of
from core.web.threads import check, work
from core.web.throttle import Throttle, of_address

TITLES = {"invite": "Invite", "new-password": "New password"}
SOMEBODY_ELSE = "You are signed in here. Going on signs that account out in this browser."


class LinkPages(FormPages):
    def __init__(self, application: Application) -> None:
        super().__init__(application)
        self._throttle = Throttle()

    async def invite(self, request: Request) -> Response:
        return await self._open(request, "invite", self._invited)

    async def send_invite(self, request: Request) -> Response:
        return await self._send(request, "invite", self._invited, self.application.invites.accept, "display_name")

    async def new_password(self, request: Request) -> Response:
        return await self._open(request, "new-password", self._whose)

    async def send_new_password(self, request: Request) -> Response:
        return await self._send(request, "new-password", self._whose, self.application.password_links.use)

    def _invited(self, token: str) -> dict[str, str]:
        invited = self.application.invites.check(token)
        return {"company": invited.company, "email": invited.email, "display_name": invited.display_name}

    def _whose(self, token: str) -> dict[str, str]:
        return {"email": self.application.password_links.check(token)}

    async def _open(self, request: Request, purpose: str, about: Callable[[str], dict[str, str]]) -> Response:
        link = request.query_params.get("token", "")
        try:
            return self._page(request, purpose, link, await self._known(request, link, about))
        except (LinkExpired, TooManyAttempts) as error:
            return _closed(purpose, error)

    async def _send(
        self,
        request: Request,
        purpose: str,
        about: Callable[[str], dict[str, str]],
        act: Callable[..., SignedIn],
        *names: str,
    ) -> Response:
        """`names`: the fields that are given back after an error, and `act` takes beside the password."""
        form = await read_form(request)
        link, typed = form.get("link", ""), {name: form.get(name, "") for name in names}
        try:
            known = await self._known(request, link, about)
            self.require_token(request, purpose, form, None)
            signed_in = await work(
                act,
                token=link,
                password=form.get("password", ""),
                user_agent=request.headers.get("user-agent", ""),
                **typed,
            )
        except (LinkExpired, TooManyAttempts, Conflict, Suspended) as error:
            return _closed(purpose, error)
        except Invalid as error:
            return self._page(request, purpose, link, known | typed, error=error)
        if earlier := session_of(request.scope):
            await check(self.application.accounts.sign_out, earlier.session_id)
        return self.welcome(request, signed_in, addresses.HOME)

    async def _known(self, request: Request, link: str, about: Callable[[str], dict[str, str]]) -> dict[str, str]:
        """Counted before a password is hashed. Raises LinkExpired, TooManyAttempts."""
        with self._throttle.attempt(of_address(request), LinkExpired):
            return await check(about, link)

    def _page(self, request: Request, purpose: str, link: str, known: dict[str, Any], **values: Any) -> Response:
        notice = SOMEBODY_ELSE if session_of(request.scope) else None
        return self.form(request, purpose, None, link=link, notice=notice, **known, **values)


def _closed(purpose: str, error: ParleyError) -> Response:
    status = 410 if isinstance(error, LinkExpired) else status_of(error)
    return page("message.html", status=status, title=TITLES[purpose], sentence=str(error), refresh=None)


def link_routes(application: Application) -> list[Route]:
    pages = LinkPages(application)
    return [
        Route(addresses.INVITE, pages.invite, methods=["GET"]),
        Route(addresses.INVITE, pages.send_invite, methods=["POST"]),
        Route(addresses.NEW_PASSWORD, pages.new_password, methods=["GET"]),
        Route(addresses.NEW_PASSWORD, pages.send_new_password, methods=["POST"]),
    ]
