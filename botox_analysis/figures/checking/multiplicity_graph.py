"""`plot.multiplicity_graph`: hypotheses as circles, and the shares of the level that a rejected one passes on as arrows."""

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
"""Size of letters in points, if one inch of the layout is one inch of the figure."""

LINE = 1.32 * FONT_SIZE / 72
"""Height of a line of text, in inches."""

SMALLEST = 0.24
"""Smallest radius of a circle, in inches."""

MANY = 12
"""Largest number of arrows of the same weight that have a label each. More arrows share one label."""

VANISHING = 1e-9
"""Shares below this are infinitesimal."""

MARGIN = 0.05
"""Margin around the drawing, in inches."""

PADDING = 0.06
"""Distance from the text of a circle to its line, in inches."""

KEY = 0.22
"""Height of the legend, in inches."""

EPSILON = "ε"
"""Symbol of an infinitesimal share."""


@styled
def plot_multiplicity_graph(nodes: pd.DataFrame, edges: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the graph of a multiple test procedure.

    Parameters
    ----------
    nodes : DataFrame
        One row per hypothesis, with ``name`` and ``weight``, its initial share of the level α. After testing also
        ``p_adjusted`` and ``rejected``. `TestingGraph.nodes` returns it.
    edges : DataFrame
        One row per arrow, with ``source`` and ``target`` (names), and ``weight``, the share that is passed on.
        `TestingGraph.edges` returns it.
    ax : Axes, optional
        Axes to draw on. By default a new figure, as wide as a journal column, or as its page if needed.

    Returns
    -------
    Axes
        One circle per hypothesis, with its name, its share of α and its adjusted p-value. It is filled if the hypothesis is
        rejected. One arrow per edge, dashed if the share is infinitesimal (ε). If more than twelve arrows have the same
        weight, opposite arrows are one line, and the weight is written below.

    Raises
    ------
    DataError
        A column is missing, there is no hypothesis, or a name occurs twice. An arrow leads to no hypothesis, or a weight is
        not between 0 and 1.

    References
    ----------
    Bretz F, Maurer W, Brannath W, Posch M (2009). Stat Med 28:586-604.

    Examples
    --------
    >>> graph = ba.advanced.TestingGraph.fixed_sequence(["primary", "secondary"])
    >>> ax = ba.plot.multiplicity_graph(graph.nodes(), graph.edges())
    >>> [text.get_text() for text in ax.texts]
    ['Primary', 'α', 'Secondary', '0', '1']
    """
    names = _checked(nodes, edges)
    tested = "rejected" in nodes.columns
    links = [(names.index(row.source), names.index(row.target)) for row in edges.itertuples()]
    shares = _written(edges["weight"].tolist())
    alike = len(links) > MANY and len(set(shares)) == 1
    # Opposite arrows are one line if their label is written below the graph.
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
    """Return the names of the hypotheses; refuse nodes and edges that are not a graph."""
    require_columns(nodes, ("name", "weight"), "nodes", made_by="graph.nodes() of a TestingGraph")
    require_columns(edges, ("source", "target", "weight"), "edges", made_by="graph.edges() of a TestingGraph")
    names = list(nodes["name"])
    if not names:
        raise DataError("`nodes` must have one hypothesis or more; got no rows.")
    if nodes["name"].duplicated().any():
        raise DataError(
            f"`nodes` must have each name once; got {listed(nodes.loc[nodes['name'].duplicated(), 'name'])} more than once."
        )
    strange = [name for name in (*edges["source"], *edges["target"]) if name not in names]
    if strange:
        raise DataError(f"`edges` must connect the hypotheses {listed(names)}; got {listed(dict.fromkeys(strange))}.")
    for frame, frame_name in ((nodes, "nodes"), (edges, "edges")):
        wrong = frame.loc[~frame["weight"].between(0, 1), "weight"].tolist()
        if wrong:
            raise DataError(f"`{frame_name}` must have weights from 0 to 1; got {wrong[0]:g}.")
    return names


def _texts(nodes: pd.DataFrame) -> tuple[list[str], list[str], float]:
    """Return the names, on the number of lines that makes them roundest, the numbers below, and the radius of the circles."""
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
    """Break a name into lines; a line may also end after a slash."""
    lines = textwrap.wrap(name.replace("/", "/ "), n_characters, break_long_words=False)
    return "\n".join(line.replace("/ ", "/") for line in lines)


def _reach(name: str, numbers: str) -> float:
    """Calculate the radius of a circle around lines of text, in inches."""
    widths = np.array([*(_width(line, "bold") for line in name.split("\n")), *(_width(line) for line in numbers.split("\n"))])
    heights = LINE * np.abs(np.arange(len(widths)) - (len(widths) - 1) / 2)
    return float(np.hypot(widths / 2, heights + LINE / 3).max()) + PADDING


def _width(line: str, weight: str = "normal") -> float:
    if not line:
        return 0.0
    font = FontProperties(family=mpl.rcParams["font.family"], size=FONT_SIZE, weight=weight)
    return float(TextPath((0, 0), line, prop=font).get_extents().width) / 72


def _written(shares: list[float]) -> list[str]:
    """Write shares in one notation: 1/3 and 1/2, or 0.6 and 0.4, or 2/7 and 5/7."""
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
    """Write shares of the level: α/3, 0.6α, 2α/7."""
    found = []
    for share in _written(weights):
        above, slash, below = share.partition("/")
        found.append("0" if share == "0" else f"{'' if above == '1' else above}α{slash}{below}")
    return found


def _framed(ax: Axes | None, centres: Points, ways: list[Route], radius: float, *, n_lines: int, key: bool) -> tuple[Axes, float]:
    """Return axes whose unit is an inch, and the scale: below 1 if the drawing is larger than the figure."""
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
        available = np.array(ax.get_position().size) * (figure.get_size_inches() if figure is not None else inches)
        scale = min(1.0, float((available / inches).min()))
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
    """Write the text of a circle line by line, so that lines keep the same distance for all letters."""
    lines = [*((line, "bold") for line in name.split("\n")), *((line, "normal") for line in numbers.split("\n"))]
    # Half the height of a capital letter, so that the lines are centred.
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
