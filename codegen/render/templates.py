"""Everything but the models: jinja2 templates that hold layout and no thought.  The only importer of jinja2.

A name that is missing from the plan is an error (`StrictUndefined`), and every string of a CRD goes through a filter:
`py` writes a literal, `doc` text inside a docstring, `comment` text in a comment line.
"""

from __future__ import annotations

import textwrap
from functools import cache
from pathlib import Path
from typing import cast

import jinja2

from codegen.plan import documentation

TEMPLATES = Path(__file__).parent.parent / "templates"


def python_literal(value: object) -> str:
    """A Python literal in pure ASCII: what a reader sees is what is there."""
    if value is None or isinstance(value, str | int | float):
        return ascii(value)
    if isinstance(value, list | tuple):
        return ascii(cast("list[object] | tuple[object, ...]", value))
    raise TypeError(f"{type(value).__name__} is no literal")


def docstring_text(text: str, indent: int = 4) -> str:
    """``text`` so that it can stand between triple quotes: it cannot end them and holds no escape."""
    text = documentation.clean(text).strip().replace("\\", "\\\\")
    if '"""' in text or text.endswith('"'):
        text = text.replace('"', '\\"')
    return textwrap.indent(text, " " * indent, lambda line: bool(line.strip())).lstrip() if indent else text


def comment_text(text: str) -> str:
    """``text`` on one comment line."""
    return " ".join(documentation.clean(text).split())


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # the output is Python; the filters below are its escaping
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update({"py": python_literal, "doc": docstring_text, "comment": comment_text})
    return environment


def render(template: str, **names: object) -> str:
    """The text of one template (a path below ``codegen/templates``), not yet formatted."""
    return _environment().get_template(template).render(names)
