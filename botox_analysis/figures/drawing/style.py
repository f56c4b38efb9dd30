"""Style of all figures: widths of journal columns, colours keyed by arm, the same bytes from the same input."""

from __future__ import annotations

import re
import textwrap
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, Literal, ParamSpec, get_args

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, get_font
from matplotlib.text import Text

from botox_analysis.errors import listed, require_path, wrong_kind
from botox_analysis.frames.days import number_of_visit
from botox_analysis.frames.schema import BASELINE

ONE_COLUMN, TWO_COLUMNS = 85 / 25.4, 174 / 25.4
"""Widths of a journal's column and page, in inches."""

REFERENCE_COLOUR = "#7A7A7A"
ARM_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Colours of the arms after the reference: the palette of Okabe and Ito, safe for colour-blind readers (Okabe M, Ito K
(2008). Color Universal Design)."""

MARKERS = ("o", "s", "D", "^", "v", "P", "X")
"""Markers of the arms, for readers in black and white."""

INK, FAINT = "#222222", "#D9D9D9"

FONT = "DejaVu Sans"
"""Font of all figures. It comes with matplotlib, so that a figure is the same on every machine. It has no Chinese, Japanese
or Korean letters."""

_STYLE: dict[str, Any] = {
    "font.family": FONT,
    "font.size": 7,
    # A dollar sign in the name of an arm does not start a formula.
    "text.parse_math": False,
    "axes.labelsize": 7,
    "axes.titlesize": 7,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "legend.fontsize": 6.5,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "lines.linewidth": 1.2,
    "lines.markersize": 3.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "axes.unicode_minus": True,
    "figure.dpi": 150,
    # No warning when many figures are open.
    "figure.max_open_warning": 0,
    "savefig.dpi": 300,
    "pdf.fonttype": 42,
    "svg.fonttype": "path",
    "svg.hashsalt": "botox_analysis",
}

# Without the date and the creator's version, two files of one figure have the same bytes.
_METADATA = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
Format = Literal["png", "svg", "pdf"]
FORMATS: tuple[Format, ...] = get_args(Format)

_PART = re.compile(r'(?<=[#"])[A-Za-z0-9_]*[0-9a-f]{10}(?=[")])')
"""Names of parts of an SVG file."""


Arguments = ParamSpec("Arguments")


def styled(plot: Callable[Arguments, Axes]) -> Callable[Arguments, Axes]:
    """Wrap a plotting function so that it draws in the library's style and keeps the user's settings.

    Parameters
    ----------
    plot : callable -> Axes
        The plotting function.

    Returns
    -------
    callable -> Axes
        The same function in the library's style.
    """

    @wraps(plot)
    def in_style(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Axes:
        with mpl.rc_context(_STYLE), _silent_letters():
            ax = plot(*args, **kwargs)
            interactive = mpl.is_interactive()
        # In a notebook the first figure switches this on; otherwise later figures would not be shown.
        mpl.interactive(interactive)
        return ax

    return in_style


def axes_for(ax: Axes | None, width: float, height: float) -> Axes:
    """Return the axes to draw on: those given, or new ones.

    Parameters
    ----------
    ax : Axes or None
        Axes given by the caller.
    width, height : float
        Size of a new figure, in inches.

    Returns
    -------
    Axes
        Those given, or new ones.
    """
    if ax is not None:
        return ax
    figure = plt.figure(FigureClass=_Drawing, figsize=(width, height), layout="constrained")
    axes: Axes = figure.add_subplot()
    return axes


_STEP, _MOST_STEPS = 1.25, 12
"""Factor and number of steps by which a figure grows: to 14 times its height at most, then to 14 times its width."""


class MissingLettersWarning(UserWarning):
    """Warning that the font lacks letters of a figure, which are drawn as boxes."""


@contextmanager
def _silent_letters() -> Iterator[None]:
    """Suppress matplotlib's warnings for letters drawn as boxes: one for each letter and each request of its size."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph \d+ ", category=UserWarning)
        yield


class _Drawing(Figure):
    """A figure that grows if its names need more lines. When it is first drawn, it warns once of letters that its font lacks."""

    has_warned = False

    def draw(self, renderer: Any) -> None:
        meant = [float(inches) for inches in self.get_size_inches()]
        for step in range(2 * _MOST_STEPS):
            with warnings.catch_warnings(record=True) as seen:
                warnings.simplefilter("always")
                with _silent_letters():
                    super().draw(renderer)
            # The figure grows until the layout fits and each panel has half of the intended height.
            if not seen and (step == 0 or min(self._heights(), default=meant[1]) >= meant[1] / 2):
                break
            higher, wider = (step + 1, 0) if step < _MOST_STEPS else (0, step + 1 - _MOST_STEPS)
            self.set_size_inches(meant[0] * _STEP**wider, meant[1] * _STEP**higher)
        for one in seen:
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
        lacking = "" if self.has_warned else _letters_lacking(self)
        self.has_warned = True
        if lacking:
            warnings.warn(missing_letters(lacking), MissingLettersWarning, stacklevel=2)

    def __repr__(self) -> str:
        return super().__repr__().replace(type(self).__name__, Figure.__name__, 1)

    def _heights(self) -> list[float]:
        return [ax.get_position().height * float(self.get_size_inches()[1]) for ax in self.axes]

    def get_tightbbox(self, *args: Any, **kwargs: Any) -> Any:
        with _silent_letters():
            return super().get_tightbbox(*args, **kwargs)


def missing_letters(letters: str) -> str:
    """Write the sentence that names letters drawn as boxes.

    Parameters
    ----------
    letters : str
        Letters that the font lacks.

    Returns
    -------
    str
        The sentence, with at most twelve of them.

    Examples
    --------
    >>> missing_letters("\u75db\u6c34")
    "the font of figures (DejaVu Sans) lacks '\u75db', '\u6c34': drawn as boxes"
    """
    named = ", ".join(f"'{letter}'" if letter.isprintable() else f"U+{ord(letter):04X}" for letter in letters[:12])
    more = f" and {len(letters) - 12:,} more letters" if len(letters) > 12 else ""
    return f"the font of figures ({FONT}) lacks {named}{more}: drawn as boxes"


def letters_lacking(ax: Axes) -> str:
    """Find the letters in a figure's texts that its font lacks.

    Parameters
    ----------
    ax : Axes
        Axes of a figure that has been drawn or saved, as tick labels are made then.

    Returns
    -------
    str
        Each letter once, in the order of Unicode.
    """
    figure = ax.get_figure(root=True)
    return _letters_lacking(figure) if isinstance(figure, Figure) else ""


def _letters_lacking(figure: Figure) -> str:
    letters = {letter for text in figure.findobj(Text) if text.get_visible() for letter in text.get_text()}
    beyond = {letter for letter in letters if letter > "~"}
    if not beyond:
        return ""
    known = get_font(findfont(FONT)).get_charmap()
    return "".join(sorted(letter for letter in beyond if ord(letter) not in known))


def arm_styles(arms: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Assign a colour and a marker to each arm.

    Parameters
    ----------
    arms : sequence of str
        Names of the arms; the first is the reference, which is grey.

    Returns
    -------
    dict of str to (str, str)
        Colour and marker by arm. Both repeat after seven arms.
    """
    colours = [REFERENCE_COLOUR, *(ARM_COLOURS[number % len(ARM_COLOURS)] for number in range(len(arms) - 1))]
    return {arm: (colours[number], MARKERS[number % len(MARKERS)]) for number, arm in enumerate(arms)}


def visit_axis(visits: Sequence[str]) -> tuple[list[float], list[str], str]:
    """Place visits on an axis of time, and label it.

    Parameters
    ----------
    visits : sequence of str
        Visits in time; ``baseline`` is at 0.

    Returns
    -------
    places : list of float
        The numbers in the names if all names have the same unit, otherwise equal steps.
    ticks : list of str
        Label of each place.
    label : str
        The unit; empty if the ticks are the names.

    Examples
    --------
    >>> visit_axis(["baseline", "week 2", "week 8"])
    ([0.0, 2.0, 8.0], ['0', '2', '8'], 'Week')
    """
    places: list[float] = []
    units = set()
    for visit in visits:
        found = number_of_visit(visit)
        if visit == BASELINE:
            places.append(0.0)
        elif found:
            places.append(found[0])
            units.add(found[1])
    in_time = len(places) == len(visits) and len(units) == 1 and sorted(set(places)) == places
    if in_time:
        return places, [f"{place:g}" for place in places], units.pop().capitalize()
    ticks = [(visit[:1].upper() + visit[1:]).replace(" ", "\n", 1) for visit in visits]
    return [float(number) for number in range(len(visits))], ticks, ""


def legend_above(ax: Axes, n_entries: int) -> None:
    """Place a legend above the axes, so that it hides no data.

    Parameters
    ----------
    ax : Axes
        Axes with labelled artists.
    n_entries : int
        Largest number of entries side by side.
    """
    figure = ax.get_figure(root=True)
    n_characters = 16.5 * (figure.get_size_inches()[0] if figure is not None else ONE_COLUMN)
    handles, labels = ax.get_legend_handles_labels()
    labels = [wrapped(str(label), int(n_characters) - 8) for label in labels]
    longest = max((len(line) for label in labels for line in label.split("\n")), default=0)
    columns = max(1, min(n_entries, int(n_characters // (longest + 7))))
    ax.legend(
        handles,
        labels,
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=columns,
        # In font sizes: a share of the axes would be half an inch in a figure of hundreds of rows.
        borderaxespad=0.3,
        columnspacing=1.2,
        handletextpad=0.4,
    )


def wrapped(label: str, n_characters: int = 44) -> str:
    """Break a label into lines.

    Parameters
    ----------
    label : str
        Label of an axis.
    n_characters : int
        Largest number of characters per line.

    Returns
    -------
    str
        The label with line breaks.
    """
    return textwrap.fill(label, n_characters)


def save_figure(ax: Axes, path: str | Path, *, formats: Sequence[Format] | None = None) -> list[Path]:
    """Write the figure of the axes to files, and close it.

    Parameters
    ----------
    ax : Axes
        Axes of the figure.
    path : str or Path
        Path of the files. Without suffix, the suffix of each format is added. A path that ends in ``.png``, ``.svg`` or
        ``.pdf`` is one file of this format.
    formats : sequence of str, optional
        Formats among ``"png"`` (300 dpi), ``"svg"`` and ``"pdf"``. Left out: the format of the suffix, or else all three.

    Returns
    -------
    list of Path
        The files. The same figure gives the same bytes.

    Raises
    ------
    DataError
        `ax` is not Axes, or `path` is not a path.
    ValueError
        A format is not known or differs from the suffix of `path`, or `ax` belongs to no figure. Or `path` is a folder or in a
        folder that does not exist.

    Examples
    --------
    >>> import tempfile
    >>> ax = ba.plot.forest(fit.differences())
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [file.name for file in ba.plot.save(ax, f"{folder}/forest", formats=["svg"])]
    ['forest.svg']
    >>> ax = ba.plot.forest(fit.differences())
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [file.name for file in ba.plot.save(ax, f"{folder}/forest.pdf")]
    ['forest.pdf']
    """
    if not isinstance(ax, Axes):
        raise wrong_kind(ax, "ax", "the Axes of a figure: plot.forest(estimates) and its like")
    require_path(path, "path", "the path of a file")
    base, formats = _files_of(Path(path), formats)
    figure = ax.get_figure(root=True)
    if not isinstance(figure, Figure):
        raise ValueError("`ax` must belong to a figure; got axes that were removed from theirs. Try drawing again.")
    if base.is_dir() or not base.parent.is_dir() or not base.name:
        raise ValueError(f"`path` must be a file in an existing folder; got {str(path)!r}.")
    files = []
    with mpl.rc_context(_STYLE):
        for name in formats:
            file = base.with_name(f"{base.name}.{name}")
            figure.savefig(file, format=name, metadata=_METADATA[name])
            if name == "svg":
                file.write_bytes(_named_in_order(file.read_text("utf-8")).encode())
            files.append(file)
    plt.close(figure)
    return files


def _files_of(path: Path, formats: Sequence[Format] | None) -> tuple[Path, Sequence[Format]]:
    """Return the path without the suffix of a format, and the formats to write."""
    if isinstance(formats, str):
        raise ValueError(f"`formats` must be a list of formats; got the text {formats!r}. Try formats=[{formats!r}].")
    strange = [name for name in formats or () if name not in FORMATS]
    if strange:
        raise ValueError(f"`formats` must be among {listed(FORMATS)}; got {listed(strange)}.")
    of_suffix = [name for name in FORMATS if path.suffix.lower() == f".{name}"]
    if not of_suffix:
        return path, FORMATS if formats is None else formats
    if formats is not None and list(formats) != of_suffix:
        raise ValueError(
            f"`path` must end in the suffix of its format, or have none; got {path.name!r} for {listed(formats)}. "
            f"Try {path.stem!r}."
        )
    return path.with_suffix(""), of_suffix


def _named_in_order(svg: str) -> str:
    """Rename the parts of a drawing to numbers in their order.

    Matplotlib names them by coordinates, whose last bits differ between machines.
    """
    order = {name: f"part{number}" for number, name in enumerate(dict.fromkeys(_PART.findall(svg)), start=1)}
    return _PART.sub(lambda found: order[found[0]], svg)


def inches_wide(path: str | Path) -> float:
    """Calculate the width in print of a PNG of `plot.save`.

    Parameters
    ----------
    path : str or Path
        Path of the PNG.

    Returns
    -------
    float
        Width in inches.
    """
    header = Path(path).read_bytes()[:24]
    return int.from_bytes(header[16:20], "big") / float(_STYLE["savefig.dpi"])
