"""Signing in and out, set-up and password: plain HTML forms, outside Streamlit because they set cookies."""

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from core.errors import Conflict, Invalid, LinkExpired, SignInRefused, Suspended, WrongCredentials
from core.services.sessions import SessionIdentity
from core.web import addresses, cookies
from core.web.application import Application
from core.web.form_pages import FormPages
from core.web.forms import read_form
from core.web.gate import session_of
from core.web.html import page
from core.web.openid import Providers
from core.web.sso import address_of
from core.web.threads import check, work
from core.web.throttle import Limit, Throttle, of_address

SET_UP_ALREADY = "Parley is set up. Sign in, or ask an admin for an account."
PASSWORD_CHANGED = "Password changed. Every other browser of yours is signed out."
NO_PASSWORD = "You sign in with your company's account, and have no password here."
SIGNED_OUT = "You are signed out."
OF_ONE_ACCOUNT = Limit(10)


class AccountPages(FormPages):
    def __init__(self, application: Application, providers: Providers) -> None:
        super().__init__(application)
        self._providers = providers
        self._throttle = Throttle()

    async def sign_in(self, request: Request) -> Response:
        if session_of(request.scope):
            return RedirectResponse(addresses.safe_next(request.query_params.get("next")), 303)
        return await self._sign_in_page(
            request,
            next=addresses.safe_next(request.query_params.get("next")),
            notice=SIGNED_OUT if "signed-out" in request.query_params else None,
        )

    async def send_sign_in(self, request: Request) -> Response:
        form = await read_form(request)
        wanted = addresses.safe_next(form.get("next"))
        email = form.get("email", "")
        limits = {f"e-mail {email.strip().lower()}": OF_ONE_ACCOUNT, **of_address(request)}
        try:
            self.require_token(request, "sign-in", form, None)
            with self._throttle.attempt(limits, WrongCredentials):
                signed_in = await work(
                    self.application.accounts.sign_in,
                    email=email,
                    password=form.get("password", ""),
                    user_agent=request.headers.get("user-agent", ""),
                )
        except (Invalid, Suspended, SignInRefused) as error:
            return await self._sign_in_page(request, email=email, next=wanted, error=error)
        if earlier := session_of(request.scope):
            await check(self.application.accounts.sign_out, earlier.session_id)
        return self.welcome(request, signed_in, wanted)

    async def _sign_in_page(self, request: Request, **values: Any) -> Response:
        settings = self.application.settings
        known = {
            "email": "",
            "notice": None,
            "needs_setup": await check(self.application.accounts.needs_setup),
            "by_password": settings.local_passwords,
            "ways": [(one.name, addresses.sso_begin(key, values["next"])) for key, one in settings.sso.items()],
        }
        return self.form(request, "sign-in", None, **known | values)

    async def set_up(self, request: Request) -> Response:
        link = request.query_params.get("token", "")
        self.application.accounts.require_passwords()
        try:
            await check(self.application.accounts.check_setup_link, link)
        except LinkExpired as error:
            return await self._closed_link(error)
        return self.form(request, "set-up", None, link=link)

    async def send_set_up(self, request: Request) -> Response:
        form = await read_form(request)
        typed = {name: form.get(name, "") for name in ("company_name", "display_name", "email")}
        link = form.get("link", "")
        try:
            self.require_token(request, "set-up", form, None)
            signed_in = await work(
                self.application.accounts.set_up,
                token=link,
                password=form.get("password", ""),
                user_agent=request.headers.get("user-agent", ""),
                **typed,
            )
        except LinkExpired as error:
            return await self._closed_link(error)
        except (Invalid, Conflict) as error:
            return self.form(request, "set-up", None, link=link, error=error, **typed)
        return self.welcome(request, signed_in, addresses.HOME)

    async def _closed_link(self, error: LinkExpired) -> Response:
        needs_setup = await check(self.application.accounts.needs_setup)
        sentence = str(error) if needs_setup else SET_UP_ALREADY
        return page("message.html", status=410, title="Set-up link", sentence=sentence, refresh=None)

    async def password(self, request: Request) -> Response:
        actor = await check(self.application.accounts.actor, _session(request).session_id)
        if not await check(self.application.accounts.has_password, actor):
            return page("message.html", title="Change password", sentence=NO_PASSWORD, refresh=None)
        notice = PASSWORD_CHANGED if "changed" in request.query_params else None
        return await self._password_page(request, _session(request), notice=notice)

    async def send_password(self, request: Request) -> Response:
        form, identity = await read_form(request), _session(request)
        actor = await check(self.application.accounts.actor, identity.session_id)
        try:
            self.require_token(request, "password", form, identity)
            # Whoever found a browser that is signed in guesses no password there either.
            with self._throttle.attempt({f"password {identity.user_id}": OF_ONE_ACCOUNT}, WrongCredentials):
                signed_in = await work(
                    self.application.accounts.change_password,
                    actor,
                    current=form.get("current", ""),
                    new=form.get("new", ""),
                    user_agent=request.headers.get("user-agent", ""),
                )
        except Invalid as error:
            return await self._password_page(request, identity, error=error)
        return self.welcome(request, signed_in, f"{addresses.PASSWORD}?changed")

    async def _password_page(self, request: Request, identity: SessionIdentity, **values: Any) -> Response:
        actor = await check(self.application.accounts.actor, identity.session_id)
        return self.form(request, "password", identity, **{"email": actor.email, "notice": None} | values)

    async def sign_out(self, request: Request) -> Response:
        identity = _session(request)
        actor = await check(self.application.accounts.actor, identity.session_id)
        return self.form(request, "sign-out", identity, actor=actor)

    async def send_sign_out(self, request: Request) -> Response:
        form, identity = await read_form(request), _session(request)
        accounts = self.application.accounts
        actor = await check(accounts.actor, identity.session_id)
        try:
            self.require_token(request, "sign-out", form, identity)
        except Invalid as error:
            return self.form(request, "sign-out", identity, actor=actor, error=error)
        came_through = await check(accounts.provider_of, identity.session_id)
        if form.get("where") == "everywhere":
            await check(accounts.sign_out_everywhere, actor)
        else:
            await check(accounts.sign_out, identity.session_id)
        response = await self._farewell(request, came_through)
        cookies.clear_session(response, secure=self.is_secure(request))
        return response

    async def _farewell(self, request: Request, came_through: str | None) -> Response:
        """Who came through a provider is signed out there as well, where it has a place for that.

        By a page in between: a browser that was sent a form may not be led to another site (`form-action`).
        """
        settings = self.application.settings
        openid = self._providers.get(came_through, settings)
        onward = await openid.end_session_address(address_of(request, settings) + addresses.SIGN_IN) if openid else None
        if openid is None or onward is None:
            return RedirectResponse(f"{addresses.SIGN_IN}?signed-out", 303)
        return page("signed-out.html", onward=onward, provider=openid.provider.name)


def _session(request: Request) -> SessionIdentity:
    identity = session_of(request.scope)
    assert identity is not None, "the gate lets nobody else in"
    return identity


def account_routes(application: Application, providers: Providers) -> list[Route]:
    pages = AccountPages(application, providers)
    return [
        Route(addresses.SIGN_IN, pages.sign_in, methods=["GET"]),
        Route(addresses.SIGN_IN, pages.send_sign_in, methods=["POST"]),
        Route(addresses.SET_UP, pages.set_up, methods=["GET"]),
        Route(addresses.SET_UP, pages.send_set_up, methods=["POST"]),
        Route(addresses.PASSWORD, pages.password, methods=["GET"]),
        Route(addresses.PASSWORD, pages.send_password, methods=["POST"]),
        Route(addresses.SIGN_OUT, pages.sign_out, methods=["GET"]),
        Route(addresses.SIGN_OUT, pages.send_sign_out, methods=["POST"]),
    ]
