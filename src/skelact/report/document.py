"""A self-contained HTML file: head, style, scripts."""

from importlib.resources import files

from skelact.report.markup import Html, join, text

STILL = "default-src 'none'; style-src 'unsafe-inline'"
"""Content security policy of a page without scripts: nothing is fetched, nothing runs."""
MOVING = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"
"""Content security policy of a page with scripts of its own: nothing is fetched from anywhere."""


def document(title: str, body: Html, scripts: tuple[Html, ...] = ()) -> bytes:
    """The whole file; `body` stands in its main element, `scripts` behind it.

    A file name that is not UTF-8 is written with escapes, as in JSON.
    """
    content = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{MOVING if scripts else STILL}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{text(title)} · skelact</title>
<style>
{_resource("style.css")}</style>
</head>
<body>
{join((Html("<main>"), body, Html("</main>"), *scripts))}
</body>
</html>
"""
    return content.encode("utf-8", "backslashreplace")


def script(name: str) -> Html:
    """A script of this package."""
    return Html(f"<script>\n{_resource(name)}</script>")


def _resource(name: str) -> str:
    """A text file of this package."""
    return files("skelact.report").joinpath(name).read_text(encoding="utf-8")
