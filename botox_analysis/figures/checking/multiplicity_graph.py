"""`plot.multiplicity_graph`: hypotheses as circles, and what a rejected one passes on as arrows."""

from __future__ import annotations

import textwrap
from fractions import Fraction

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Circle, FancyArrowPatch
from matplotlib.textpath import TextPath

from botox_analysis import wording
from botox_analysis.errors import DataError, listed, require_columns
from botox_analysis.figures.drawing.graph_layout import Points, Route, places, routes
from botox_analysis.figures.drawing.style import ARM_COLOURS, INK, ONE_COLUMN, TWO_COLUMNS, axes_for, legend_above, styled

FONT_SIZE = 6.5
"""Points, where an inch of the layout is an inch of the figure."""

LINE = 1.32 * FONT_SIZE / 72
"""Height of a line of text, in inches."""

SMALLEST = 0.24
"""Radius of a circle, in inches."""

MANY = 12
"""More arrows than this have one label for all, where they are all alike."""

VANISHING = 1e-9
"""A smaller share is infinitesimal."""

MARGIN = 0.05
"""Around the drawing, in inches."""

PADDING = 0.06
"""Between the text of a circle and its line, in inches."""

KEY = 0.22
"""Height of the legend, in inches."""

EPSILON = "ε"
"""What stands for an infinitesimal share."""


@styled
def plot_multiplicity_graph(nodes: pd.DataFrame, edges: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """The graph of a multiple test procedure.

    Parameters
    ----------
    nodes : DataFrame
        ``name`` and ``weight`` (the share of the level α that a hypothesis starts with), one row per hypothesis; after testing
        also ``p_adjusted`` and ``rejected``. `TestingGraph.nodes` gives it.
    edges : DataFrame
        ``source``, ``target`` (names) and ``weight`` (the share that is passed on), one row per arrow. `TestingGraph.edges`
        gives it.
    ax : Axes, optional
        Where to draw. Left out: a new figure of a journal column's width, or of its page's where that is needed.

    Returns
    -------
    Axes
        One circle per hypothesis, filled where it is rejected, with its name, its share of α and its adjusted p-value; one
        arrow per edge, dashed where the share is infinitesimal (ε). Of more than twelve arrows with one weight those there and
        back are one line, and the weight stands below.

    Raises
    ------
    DataError
        A column is missing, there is no hypothesis, one is there twice, an arrow leads to none, or a weight is no share.

    References
    ----------
    Bretz F, Maurer W, Brannath W, Posch M (2009). Stat Med 28:586-604.
    """
    names = _checked(nodes, edges)
    tested = "rejected" in nodes.columns
    links = [(names.index(row.source), names.index(row.target)) for row in edges.itertuples()]
    shares = _written(edges["weight"].tolist())
    alike = len(links) > MANY and len(set(shares)) == 1
    # One line there and back, where its label stands elsewhere.
    shown = [number for number, (one, other) in enumerate(links) if not alike or one < other or (other, one) not in links]
    labels = ["" if alike else shares[number] for number in shown]
    wrapped, below, radius = _texts(nodes)
    centres = places(nodes["weight"].tolist(), links, radius, TWO_COLUMNS - 4 * MARGIN)
    ways = routes(
        centres, [links[number] for number in shown], [(_width(label) / 2, FONT_SIZE / 144) for label in labels], radius
    )
    ax, scale = _framed(ax, centres, ways, radius, n_lines=2 * alike, key=tested)

    rejected = nodes["rejected"].tolist() if tested else [False] * len(names)
    circles = [_draw_circle(ax, centre, radius, filled=filled) for centre, filled in zip(centres, rejected, strict=True)]
    for centre, name, numbers, filled in zip(centres, wrapped, below, rejected, strict=True):
        _write_inside(ax, centre, name, numbers, colour="white" if filled else INK, scale=scale)
    for number, way, label in zip(shown, ways, labels, strict=True):
        source, target = links[number]
        both = alike and (target, source) in links
        _draw_arrow(ax, circles[source], circles[target], way.bend, both=both, dashed=shares[number] == EPSILON)
        if label:
            box = {"boxstyle": "square,pad=0.12", "facecolor": "white", "edgecolor": "none"}
            ax.text(*way.label, label, ha="center", va="center", fontsize=scale * FONT_SIZE, bbox=box, zorder=3)
    if alike:
        note = f"Each arrow passes on {shares[0]}"
        ax.text(0.5, 0, note, ha="center", va="bottom", fontsize=scale * FONT_SIZE, transform=ax.transAxes)
    if tested:
        for label, colour in (("Rejected", ARM_COLOURS[0]), ("Not rejected", "white")):
            ax.plot([], [], "o", markersize=5, markerfacecolor=colour, markeredgecolor=INK, markeredgewidth=0.7, label=label)
        legend_above(ax, 2)
    return ax


def _checked(nodes: pd.DataFrame, edges: pd.DataFrame) -> list[str]:
    """The names of the hypotheses."""
    require_columns(nodes, ("name", "weight"), "nodes", made_by="graph.nodes() of a TestingGraph")
    require_columns(edges, ("source", "target", "weight"), "edges", made_by="graph.edges() of a TestingGraph")
    names = list(nodes["name"])
    if not names:
        raise DataError("nodes has no rows; a graph has one hypothesis or more.")
    if nodes["name"].duplicated().any():
        raise DataError(
            f"nodes has {listed(nodes.loc[nodes['name'].duplicated(), 'name'])} more than once; expected each name once."
        )
    strange = [name for name in (*edges["source"], *edges["target"]) if name not in names]
    if strange:
        raise DataError(f"edges has {listed(dict.fromkeys(strange))}; the hypotheses are {listed(names)}.")
    for frame, what in ((nodes, "nodes"), (edges, "edges")):
        wrong = frame.loc[~frame["weight"].between(0, 1), "weight"].tolist()
        if wrong:
            raise DataError(f"{what} has a weight of {wrong[0]:g}; expected shares from 0 to 1.")
    return names


def _texts(nodes: pd.DataFrame) -> tuple[list[str], list[str], float]:
    """Names on as many lines as make them roundest, the numbers below them, and the radius that holds both."""
    below = _of_level(nodes["weight"].tolist())
    if "p_adjusted" in nodes.columns:
        below = [f"{share}\nadj. {wording.p_phrase(p)}" for share, p in zip(below, nodes["p_adjusted"], strict=True)]
    wrapped, radius = [], SMALLEST
    for name, numbers in zip(nodes["name"], below, strict=True):
        tried = list(dict.fromkeys(_wrapped(wording.capital(str(name)), n_characters) for n_characters in range(5, 30)))
        reach = [_reach(lines, numbers) for lines in tried]
        wrapped.append(tried[int(np.argmin(reach))])
        radius = max(radius, min(reach))
    return wrapped, below, radius


def _wrapped(name: str, n_characters: int) -> str:
    """A name on several lines, which may also end with a slash."""
    lines = textwrap.wrap(name.replace("/", "/ "), n_characters, break_long_words=False)
    return "\n".join(line.replace("/ ", "/") for line in lines)


def _reach(name: str, numbers: str) -> float:
    """Radius of the circle around lines of text, in inches."""
    widths = np.array([*(_width(line, "bold") for line in name.split("\n")), *(_width(line) for line in numbers.split("\n"))])
    heights = LINE * np.abs(np.arange(len(widths)) - (len(widths) - 1) / 2)
    return float(np.hypot(widths / 2, heights + LINE / 3).max()) + PADDING


def _width(line: str, weight: str = "normal") -> float:
    if not line:
        return 0.0
    font = FontProperties(family=mpl.rcParams["font.family"], size=FONT_SIZE, weight=weight)
    return float(TextPath((0, 0), line, prop=font).get_extents().width) / 72


def _written(shares: list[float]) -> list[str]:
    """Shares as a reader would write them, all in one way: 1/3 and 1/2, or 0.6 and 0.4, or 2/7 and 5/7."""
    real = [share for share in shares if share >= VANISHING]
    simple = [Fraction(share).limit_denominator(24) for share in real]
    as_fractions = all(abs(fraction - share) < VANISHING for fraction, share in zip(simple, real, strict=True))
    as_decimals = all(abs(round(share, 2) - share) < VANISHING for share in real)
    unit = all(fraction.numerator == 1 for fraction in simple)
    if as_fractions and (unit or not as_decimals):
        texts = iter(str(fraction) for fraction in simple)
    else:
        texts = iter(wording.number(share, 3).rstrip("0").rstrip(".") for share in real)
    return [next(texts) if share >= VANISHING else EPSILON if share > 0 else "0" for share in shares]


def _of_level(weights: list[float]) -> list[str]:
    """Shares of the level: α/3, 0.6α, 2α/7."""
    found = []
    for share in _written(weights):
        above, slash, below = share.partition("/")
        found.append("0" if share == "0" else f"{'' if above == '1' else above}α{slash}{below}")
    return found


def _framed(ax: Axes | None, centres: Points, ways: list[Route], radius: float, *, n_lines: int, key: bool) -> tuple[Axes, float]:
    """Axes whose unit is an inch, or less where there is no room for that, and how much less."""
    labels = np.array([way.label for way in ways]).reshape(-1, 2)
    drawn = np.concatenate(
        [centres - radius, centres + radius, labels - LINE / 2, labels + LINE / 2, *(way.points for way in ways)]
    )
    low, high = drawn.min(axis=0) - MARGIN, drawn.max(axis=0) + MARGIN
    low[1] -= n_lines * LINE
    inches = high - low
    if ax is None:
        width = ONE_COLUMN if inches[0] + 2 * MARGIN <= ONE_COLUMN else TWO_COLUMNS
        scale = min(1.0, (width - 2 * MARGIN) / inches[0])
        ax = axes_for(None, width, scale * inches[1] + 2 * MARGIN + (KEY if key else 0.0))
    else:
        figure = ax.get_figure(root=True)
        there = np.array(ax.get_position().size) * (figure.get_size_inches() if figure is not None else inches)
        scale = min(1.0, float((there / inches).min()))
    ax.set_xlim(low[0], high[0])
    ax.set_ylim(low[1], high[1])
    ax.set_aspect("equal")
    ax.axis("off")
    return ax, scale


def _draw_circle(ax: Axes, centre: Points, radius: float, *, filled: bool) -> Circle:
    colour = ARM_COLOURS[0] if filled else "white"
    circle = Circle((centre[0], centre[1]), radius, facecolor=colour, edgecolor=INK, linewidth=0.8, zorder=2)
    ax.add_patch(circle)
    return circle


def _write_inside(ax: Axes, centre: Points, name: str, numbers: str, *, colour: str, scale: float) -> None:
    """Line by line, which keeps their distance the same whatever letters reach below the line."""
    lines = [*((line, "bold") for line in name.split("\n")), *((line, "normal") for line in numbers.split("\n"))]
    # Half the height of a capital, so that the lines stand around the centre.
    first = centre[1] + (len(lines) - 1) / 2 * LINE - 0.36 * FONT_SIZE / 72
    for number, (line, weight) in enumerate(lines):
        ax.text(
            centre[0], first - number * LINE, line, ha="center", va="baseline", fontsize=scale * FONT_SIZE, fontweight=weight,
            color=colour, zorder=4,
        )  # fmt: skip


def _draw_arrow(ax: Axes, source: Circle, target: Circle, bend: float, *, both: bool, dashed: bool) -> None:
    ax.add_patch(
        FancyArrowPatch(
            source.center, target.center, connectionstyle=f"arc3,rad={bend}", patchA=source, patchB=target,
            shrinkA=0.5 if both else 0, shrinkB=0.5, arrowstyle="<|-|>" if both else "-|>", mutation_scale=7,
            linewidth=0.6 if both else 0.8, linestyle=(0, (3, 2)) if dashed else "-", color=INK, zorder=1,
        )
    )  # fmt: skip
