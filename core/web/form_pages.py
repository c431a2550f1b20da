"""What the pages with forms share: drawing one, knowing it again, and letting somebody in after it."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from core.errors import ParleyError
from core.services.sessions import SessionIdentity, SignedIn
from core.web import cookies
from core.web.application import Application
from core.web.forms import FORM_COOKIE, TOKEN_LIFE, form_binding, make_token, require_token
from core.web.html import page
from core.web.problems import status_of


class FormPages:
    def __init__(self, application: Application) -> None:
        self.application = application

    def is_secure(self, request: Request) -> bool:
        return cookies.is_secure(request.scope, self.application.settings)

    def welcome(self, request: Request, signed_in: SignedIn, address: str) -> Response:
        response = RedirectResponse(address, 303)
        cookies.set_session(response, signed_in, secure=self.is_secure(request))
        return response

    def require_token(
        self, request: Request, purpose: str, form: Mapping[str, str], identity: SessionIdentity | None
    ) -> None:
        settings = self.application.settings
        binding, _ = form_binding(request, settings, identity and identity.session_id)
        require_token(settings, purpose, binding, form.get("form", ""))

    def form(
        self,
        request: Request,
        purpose: str,
        identity: SessionIdentity | None,
        *,
        error: ParleyError | None = None,
        **values: Any,
    ) -> HTMLResponse:
        """The form of that name; after an error with its sentence on top."""
        settings = self.application.settings
        binding, is_new = form_binding(request, settings, identity and identity.session_id)
        response = page(
            f"{purpose}.html",
            status=status_of(error) if error else 200,
            error=str(error) if error else None,
            form=make_token(settings, purpose, binding),
            look=cookies.look_of(request),
            **values,
        )
        if is_new:
            cookies.set_cookie(response, FORM_COOKIE, binding, secure=self.is_secure(request), max_age=TOKEN_LIFE)
        return response
