"""Widgets of Evidently's as one HTML file that loads nothing.

What Evidently writes itself holds its program of 3.7 MB as it is. Here program and data are packed: a page
has a third of that, and browsers unpack it in a moment (`DecompressionStream`, in all of them since 2023).
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

#: Gzip's format, in which browsers unpack.
_GZIP = 16 + zlib.MAX_WBITS

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="UTF-8">
<meta name="viewport" content="width=device-width, initial-scale=1.0">
<title>{title}</title>
<style>
@font-face {{
  font-family: 'Material Icons'; font-style: normal; font-weight: 400;
  src: url(data:font/woff2;base64,{font}) format('woff2');
}}
.center-align {{ text-align: center; }}
.material-icons {{
  font: normal 24px/1 'Material Icons'; letter-spacing: normal; text-transform: none; display: inline-block;
  white-space: nowrap; word-wrap: normal; direction: ltr; -webkit-font-smoothing: antialiased;
}}
</style>
</head>
<body>
<header style="font:15px/1.5 system-ui,sans-serif;padding:16px 24px;color:#14181d;background:#f5f6f8;\
border-bottom:1px solid #dfe3e8">{heading}</header>
<div id="report" style="font:15px/1.5 system-ui,sans-serif;padding:16px 24px">Unpacking the report …</div>
<script>
var global = globalThis;
async function unpacked(id) {{
  const packed = Uint8Array.from(atob(document.getElementById(id).text), each => each.charCodeAt(0));
  return new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}}
async function draw() {{
  const program = document.createElement("script");
  program.text = await unpacked("program");
  const {{report, details}} = JSON.parse(await unpacked("data"));
  document.body.append(program);
  document.getElementById("report").removeAttribute("style");
  drawDashboard(report, new Map(Object.entries(details)), "report");
}}
addEventListener("DOMContentLoaded", () => draw().catch(error => {{
  document.getElementById("report").textContent = `This browser cannot show the report: ${{error}}`;
}}));
</script>
<script id="data" type="text/plain">{data}</script>
<script id="program" type="text/plain">{program}</script>
</body>
</html>
"""


def html_page(
    widgets: Sequence[Any], title: str, sizes: str, left_out: Mapping[str, str] | None = None
) -> str:
    """The page of some of Evidently's widgets, under a heading.

    Args:
        widgets: as Evidently's reports give them.
        title: what the page is.
        sizes: how many rows it rests on.
        left_out: columns that could not be compared, with the reason.
    """
    lines = [Markup("<strong>{}</strong> · {}").format(title, sizes)]
    if left_out:
        lines.append(Markup("Left out: {}").format(listed(left_out)))
    return _PAGE.format(
        title=Markup("{}").format(title),
        heading=Markup("<br>").join(lines),
        font=_font(),
        data=_packed(_json(_data(widgets))),
        program=_program(),
    )


def listed(columns: Mapping[str, str]) -> str:
    """Columns with the reason of each."""
    return ", ".join(f"{column} ({reason})" for column, reason in columns.items())


def data_of(page: str) -> str:
    """The data that a page shows, as JSON."""
    packed = page.partition('<script id="data" type="text/plain">')[2].partition("<")[0]
    return zlib.decompress(base64.b64decode(packed), _GZIP).decode()


def _data(widgets: Sequence[Any]) -> dict[str, Any]:
    """What Evidently's program draws: the widgets, and apart from them what unfolds in tables."""
    from evidently.legacy.renderers.html_widgets import group_widget

    group = group_widget(title="", widgets=list(widgets))
    return {
        "report": {"name": "Report", "widgets": [_plain(group)]},
        "details": {each.id: _plain(each) for each in group.get_additional_graphs()},
    }


def _plain(value: Any) -> Any:
    """A widget's fields. Its own `dict()` walks through every number of every plot."""
    if isinstance(value, list):
        return [_plain(each) for each in value] if value and hasattr(value[0], "__fields__") else value
    if not hasattr(value, "__fields__"):
        return value
    return {name: _plain(getattr(value, name)) for name in value.__fields__ if name != "additionalGraphs"}


def _json(data: Any) -> str:
    from evidently.legacy.utils import NumpyEncoder

    text = json.dumps(data, cls=NumpyEncoder, separators=(",", ":"))
    if "NaN" in text or "Infinity" in text:
        # plots leave a gap there, and JSON has no such numbers
        text = json.dumps(json.loads(text, parse_constant=lambda _: None), separators=(",", ":"))
    return text


def _packed(content: str | bytes) -> str:
    content = content.encode() if isinstance(content, str) else content
    packer = zlib.compressobj(wbits=_GZIP)
    return base64.b64encode(packer.compress(content) + packer.flush()).decode("ascii")


@cache
def _program() -> str:
    return _packed((_static() / "index.js").read_bytes())


@cache
def _font() -> str:
    return base64.b64encode((_static() / "material-ui-icons.woff2").read_bytes()).decode("ascii")


def _static() -> Path:
    import evidently

    return Path(evidently.__path__[0]) / "nbextension" / "static"
