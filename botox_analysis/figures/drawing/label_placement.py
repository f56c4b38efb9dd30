"""Labels beside points that hide neither points nor one another. The same figure always has the same labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from botox_analysis.figures.drawing.style import INK

DISTANCES = (2.0, 7.0, 14.0, 22.0, 32.0)
"""Distances in points from the rim of a point to its label, tried in this order."""

LEADER_FROM = 7.0
"""Distance in points from which a line connects the point and its label."""

_DIRECTIONS = ((1, 0), (1, 1), (1, -1), (0, 1), (0, -1), (-1, 1), (-1, 0), (-1, -1))
"""Directions of a label, outwards first. The horizontal part points away from the middle."""


def label_points(ax: Axes, points: np.ndarray, radii: np.ndarray, names: Sequence[tuple[int, str]], *, middle: float) -> int:
    """Write names beside points, the most important first; a name without a free place is left out.

    Parameters
    ----------
    ax : Axes
        Axes with their final scales and limits.
    points : ndarray, shape (k, 2)
        All points, in data coordinates.
    radii : ndarray, shape (k,)
        Radii of the points, in points of the page.
    names : sequence of (int, str)
        The index of a point and its name, the most important first.
    middle : float
        Horizontal data coordinate from which points are labelled outwards.

    Returns
    -------
    int
        Number of names that were written.
    """
    figure = ax.get_figure(root=True)
    if figure is None or not names:
        return 0
    figure.draw_without_rendering()  # fixes the layout, so that distances on the page are known
    scale = figure.dpi / 72
    centres, rims = ax.transData.transform(points), radii * scale
    inside = ax.get_window_extent().extents
    middle_x = ax.transData.transform((middle, points[0, 1]))[0]
    boxes: list[np.ndarray] = []
    leaders = np.empty((0, 2))
    for number, name in names:
        text = ax.annotate(
            name, points[number], (0, 0), textcoords="offset points", ha="center", va="center", fontsize=6, zorder=5,
            annotation_clip=False,
        )  # fmt: skip
        text.set_in_layout(False)
        extent = text.get_window_extent()
        half = np.array([extent.width, extent.height]) / 2 + scale
        centre, others = centres[number], np.arange(len(points)) != number
        outwards = 1 if centre[0] >= middle_x else -1
        for distance, (along, up) in ((distance, direction) for distance in DISTANCES for direction in _DIRECTIONS):
            away = (rims[number] + distance * scale) * (0.7 if along and up else 1)
            place = centre + np.array([outwards * along, up]) * (half + away)
            box = np.concatenate([place - half, place + half])
            leader = _leader(centre, rims[number], box) if distance >= LEADER_FROM else np.empty((0, 2))
            if (
                (box[:2] >= inside[:2]).all()
                and (box[2:] <= inside[2:]).all()
                and not any((box[:2] < other[2:]).all() and (other[:2] < box[2:]).all() for other in boxes)
                and not _in_box(box, centres[others], rims[others])
                and not _in_box(box, leaders)
                and not any(_in_box(other, leader) for other in boxes)
                and not _touches(leader, centres[others], rims[others])
            ):
                break
        else:
            text.remove()
            continue
        boxes.append(box)
        text.set_position(tuple((place - centre) / scale))
        if len(leader):
            leaders = np.concatenate([leaders, leader])
            ends = ax.transData.inverted().transform(leader[[0, -1]])
            (line,) = ax.plot(*ends.T, color=INK, linewidth=0.4, zorder=2, clip_on=False)
            line.set_in_layout(False)
    return len(boxes)


def _leader(centre: np.ndarray, rim: float, box: np.ndarray) -> np.ndarray:
    """Return 20 points on the line from the rim of a point to the nearest place of a box, shape (20, 2)."""
    end = np.clip(centre, box[:2], box[2:])
    start = centre + (end - centre) * min(1.0, rim / float(np.hypot(*(end - centre))))
    return np.asarray(start + np.linspace(0, 1, 20)[:, None] * (end - start))


def _in_box(box: np.ndarray, points: np.ndarray, rims: np.ndarray | float = 0.0) -> bool:
    """Return whether any point, with its rim, lies in a box of left, bottom, right and top."""
    wide = np.broadcast_to(rims, len(points))[:, None]
    return bool(((points + wide > box[:2]) & (points - wide < box[2:])).all(axis=1).any())


def _touches(leader: np.ndarray, points: np.ndarray, rims: np.ndarray) -> bool:
    """Return whether a line crosses any point."""
    apart = np.hypot(*(leader[:, None, :] - points[None, :, :]).transpose(2, 0, 1))
    return bool((apart < rims).any())
