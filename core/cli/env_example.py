"""Writes `.env.example` and the tables in docs/ from the settings: `python -m core.cli.env_example`."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from core.config import ROOT, Settings, variable_of
from core.sso import SsoProvider, variable

ENV_EXAMPLE = ROOT / ".env.example"
CONFIGURATION = ROOT / "docs" / "configuration.md"
SSO = ROOT / "docs" / "sso.md"

HEADING = """\
# Every setting with its default. Copy this file to .env and take away the # of what you change.
# Variables of the environment win over the file.
"""
START = "<!-- settings: written by `python -m core.cli.env_example` -->"
END = "<!-- end of settings -->"


@dataclass(frozen=True, slots=True)
class Variable:
    name: str
    default: str
    """Empty where there is none."""
    kind: str
    """What it may be, in a few words."""
    description: str


def variables() -> Iterator[Variable]:
    """Every setting in the order of the class."""
    for field, info in Settings.model_fields.items():
        yield Variable(variable_of(field), _default(info), _kind(info), info.description or "")


def provider_variables() -> Iterator[Variable]:
    """What each provider of single sign-on has of its own."""
    for field, info in SsoProvider.model_fields.items():
        if info.description:
            default = "" if info.is_required() else _default(info)
            yield Variable(variable(field), default, _kind(info), info.description)


def env_example() -> str:
    """The text of `.env.example`."""
    return "\n".join([HEADING, *(f"# {v.description}\n# {v.name}={v.default}\n" for v in variables())])


def table(variables: Iterable[Variable]) -> str:
    """A Markdown table of them."""
    rows = [f"| `{v.name}` | {f'`{v.default}`' if v.default else ''} | {v.kind} | {v.description} |" for v in variables]
    return "\n".join(["| variable | default | may be | what it is for |", "| --- | --- | --- | --- |", *rows])


def with_table(text: str, variables: Iterable[Variable]) -> str:
    """That page with the table between its two marks brought up to date."""
    before, _, rest = text.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}\n{table(variables)}\n{END}{after}"


def _kind(info: FieldInfo) -> str:
    wanted: Any = next((one for one in get_args(info.annotation) if one is not type(None)), info.annotation)
    if wanted is int:
        least, most = (next(getattr(one, end) for one in info.metadata if hasattr(one, end)) for end in ("ge", "le"))
        return f"{least:,} to {most:,}"
    if get_origin(info.annotation) is Literal:
        return ", ".join(get_args(info.annotation))
    if isinstance(wanted, type) and issubclass(wanted, Enum):
        return ", ".join(one.value for one in wanted)
    return {bool: "True, False", Path: "folder", list: "list", dict: "variables"}.get(
        get_origin(info.annotation) or wanted, "text"
    )


def _default(info: FieldInfo) -> str:
    value = info.get_default(call_default_factory=True)
    if value is None:
        return ""
    if isinstance(value, Path):
        return str(value.relative_to(ROOT))
    return ",".join(value) if isinstance(value, list | dict) else str(value)


if __name__ == "__main__":
    ENV_EXAMPLE.write_text(env_example())
    CONFIGURATION.write_text(with_table(CONFIGURATION.read_text(), variables()))
    SSO.write_text(with_table(SSO.read_text(), provider_variables()))
