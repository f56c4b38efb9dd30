"""Writers of frames of text as CSV and HTML."""

from __future__ import annotations

from html import escape
from pathlib import Path

import pandas as pd

INDENT = "\u2003"
"""An em space, which precedes the name of a row that belongs to the row above."""

LONG = 32
"""Number of characters of a cell above which a page may break its line."""


def to_html(table: pd.DataFrame) -> str:
    """Write a table as an HTML fragment, with every text escaped.

    Parameters
    ----------
    table : DataFrame
        A frame of text.

    Returns
    -------
    str
        A ``<table>``. The first column heads its rows. Indented rows have the class ``nested``, long cells the class
        ``long``.
    """
    head = "".join(f'<th scope="col">{escape(str(column))}</th>' for column in table.columns)
    body = []
    for row in table.itertuples(index=False):
        first = str(row[0])
        nested = ' class="nested"' if first.startswith(INDENT) else ""
        cells = "".join(f"<td{_class(text)}>{escape(str(text))}</td>" for text in row[1:])
        body.append(f'<tr{nested}><th scope="row"{_class(first)}>{escape(first.lstrip(INDENT))}</th>{cells}</tr>')
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"


def _class(text: object) -> str:
    return " class=long" if len(str(text)) > LONG else ""


def write_table(table: pd.DataFrame, path: str | Path, *, title: str) -> list[Path]:
    """Write a table as a CSV file and as an HTML page.

    Parameters
    ----------
    table : DataFrame
        A frame of text.
    path : str or Path
        Path without suffix.
    title : str
        Title of the page.

    Returns
    -------
    list of Path
        The two files.
    """
    base = Path(path)
    as_csv, as_html = base.with_name(f"{base.name}.csv"), base.with_name(f"{base.name}.html")
    as_csv.write_bytes(table.to_csv(index=False, lineterminator="\n").encode())
    page = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title></head>'
        f"<body><h1>{escape(title)}</h1>{to_html(table)}</body></html>\n"
    )
    as_html.write_bytes(page.encode())
    return [as_csv, as_html]
