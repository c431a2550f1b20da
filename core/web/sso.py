"""Signing in through a provider: off to it, and back to a session of ours."""

import hmac
import logging

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from core.config import Settings
from core.errors import NotFound, ParleyError, ProviderUnavailable, SignInBroken, Suspended
from core.services.sso_claims import vouched_by
from core.web import addresses, attempts, cookies
from core.web.application import Application
from core.web.gate import session_of
from core.web.html import page
from core.web.openid import FAULT, OpenId, Providers
from core.web.problems import KEPT_OUT, status_of
from core.web.threads import check, work
from core.web.throttle import Throttle, of_address

log = logging.getLogger(__name__)

LONGEST_NEXT = 500
"""Characters of an address that fit into a cookie; who came by a longer one begins at the start page."""
LONGEST = 4_096
"""Characters of what comes back in the address."""

NO_PROVIDER = "There is no such way to sign in here."
NOT_BEGUN = "This sign-in was begun in another browser, is over already, or took too long. Start again."
DECLINED = "You were not let in there, or chose not to go on."
BUSY = "The place where you sign in has trouble at the moment. Try again in a minute."
ASKED_WRONGLY = (
    "The place where you sign in refused what Parley asks of it ({fault}). An admin has to look at the settings."
)
DECLINES = frozenset({"access_denied", "login_required", "interaction_required", "consent_required"})
TROUBLES = frozenset({"temporarily_unavailable", "server_error"})


class SsoPages:
    def __init__(self, application: Application, providers: Providers) -> None:
        self.application = application
        self._providers = providers
        self._throttle = Throttle()

    async def begin(self, request: Request) -> Response:
        wanted = addresses.safe_next(request.query_params.get("next"))
        if session_of(request.scope):
            return RedirectResponse(wanted, 303)
        openid, settings = self._openid(request), self.application.settings
        attempt = attempts.begin(openid.provider.key, wanted if len(wanted) <= LONGEST_NEXT else addresses.HOME)
        try:
            with self._throttle.attempt(of_address(request), ParleyError):
                address = await openid.authorization_address(attempt, _callback_address(request, openid, settings))
        except ParleyError as error:
            return self._failed(request, openid, error, wanted)
        response = RedirectResponse(address, 303)
        attempts.keep(attempt, request, response, settings)
        return response

    async def come_back(self, request: Request) -> Response:
        openid, settings = self._openid(request), self.application.settings
        state = request.query_params.get("state", "")[:LONGEST]
        attempt = attempts.take(state, request, settings)
        if attempt is None and session_of(request.scope):  # the back button, or the same answer twice
            return RedirectResponse(addresses.HOME, 303)
        wanted = attempt.next if attempt else addresses.HOME
        try:
            with self._throttle.attempt(of_address(request), ParleyError):
                response = await self._finish(request, openid, attempt)
        except ParleyError as error:
            response = self._failed(request, openid, error, wanted)
        attempts.forget(state, request, response, settings)
        return response

    async def _finish(self, request: Request, openid: OpenId, attempt: attempts.Attempt | None) -> Response:
        asked, settings = request.query_params, self.application.settings
        if attempt is None or attempt.provider != openid.provider.key:
            raise SignInBroken(NOT_BEGUN)
        issuer = asked.get("iss", openid.provider.issuer)  # RFC 9207: who says this is who was asked
        if not hmac.compare_digest(issuer.encode(errors="replace"), openid.provider.issuer.encode()):
            raise SignInBroken(NOT_BEGUN)
        if fault := asked.get("error"):
            raise _refusal(fault, openid.provider.key)
        code = asked.get("code", "")
        if not 0 < len(code) <= LONGEST:
            raise SignInBroken
        claims = await openid.claims(code, attempt, _callback_address(request, openid, settings))
        signed_in = await work(
            self.application.sso.sign_in,
            openid.provider,
            vouched_by(openid.provider, claims),
            request.headers.get("user-agent", ""),
        )
        if earlier := session_of(request.scope):
            await check(self.application.accounts.sign_out, earlier.session_id)
        response = RedirectResponse(attempt.next, 303)
        cookies.set_session(response, signed_in, secure=cookies.is_secure(request.scope, settings))
        return response

    def _openid(self, request: Request) -> OpenId:
        openid = self._providers.get(request.path_params["key"], self.application.settings)
        if openid is None:
            raise NotFound(NO_PROVIDER)
        return openid

    def _failed(self, request: Request, openid: OpenId, error: ParleyError, wanted: str) -> Response:
        """A page that says what was wrong and leads back; nothing was kept."""
        log.info("sso_failed provider=%s code=%s", openid.provider.key, error.code)
        title = KEPT_OUT if isinstance(error, Suspended) else f"Signing in with {openid.provider.name} didn't work"
        return page(
            "sso-failed.html",
            status=status_of(error),
            title=title,
            sentence=str(error),
            again=addresses.sso_begin(openid.provider.key, wanted),
            others=addresses.sign_in_for(wanted),
        )


def _refusal(fault: str, key: str) -> ParleyError:
    """What the provider's word means. Its description stays out: whoever made the address may have written it."""
    if fault in DECLINES:
        return SignInBroken(DECLINED)
    known = fault if FAULT.fullmatch(fault) else "unknown"
    log.warning("sso_refused_by_provider provider=%s fault=%s", key, known)
    return ProviderUnavailable(BUSY if fault in TROUBLES else ASKED_WRONGLY.format(fault=known))


def _callback_address(request: Request, openid: OpenId, settings: Settings) -> str:
    return address_of(request, settings) + addresses.sso_callback(openid.provider.key)


def address_of(request: Request, settings: Settings) -> str:
    """Parley's own, as the browser sees it."""
    return settings.public_url or f"{request.url.scheme}://{request.url.netloc}"


def sso_routes(application: Application, providers: Providers) -> list[Route]:
    pages = SsoPages(application, providers)
    return [
        Route(addresses.sso_begin("{key}"), pages.begin, methods=["GET"]),
        Route(addresses.sso_callback("{key}"), pages.come_back, methods=["GET"]),
    ]
