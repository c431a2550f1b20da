from starlette.routing import Route

from core.web.account import account_routes
from core.web.application import Application
from core.web.audit_exports import audit_export_routes
from core.web.events import event_routes
from core.web.exports import export_routes
from core.web.health import health_routes
from core.web.imports import import_routes
from core.web.link_forms import link_routes
from core.web.metrics import metrics_routes
from core.web.openid import Providers
from core.web.own_data import own_data_routes
from core.web.sso import sso_routes
from core.web.usage_exports import usage_export_routes


def routes(application: Application) -> list[Route]:
    providers = Providers()
    return [
        *health_routes(application),
        *metrics_routes(application),
        *account_routes(application, providers),
        *sso_routes(application, providers),
        *link_routes(application),
        *event_routes(application),
        *export_routes(application),
        *usage_export_routes(application),
        *audit_export_routes(application),
        *own_data_routes(application),
        *import_routes(application),
    ]
