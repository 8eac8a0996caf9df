"""How Hangtag's pages are made: html files that need nothing else, all of one look."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def page_environment(folder: Path) -> Environment:
    """Return what renders the templates of a folder; they may import `look.html.jinja`."""
    environment = Environment(
        loader=FileSystemLoader([folder, Path(__file__).parent]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = _percent
    return environment


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}%"
