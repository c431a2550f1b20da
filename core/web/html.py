from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(template: str, *, status: int = 200, look: str = "", **values: Any) -> HTMLResponse:
    """`look`: "light" or "dark"; empty for as the device does."""
    return HTMLResponse(_templates.get_template(template).render(values, look=look), status_code=status)
