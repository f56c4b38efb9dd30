"""Places of the circles of a graph, bends of its arrows and places of their labels without overlaps, in inches."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Link = tuple[int, int]
Size = tuple[float, float]
Points = NDArray[np.float64]

BETWEEN, LEAST = 0.62, 0.4
"""Usual and least distance between neighbouring circles with a labelled arrow between them; the least is for long rows."""

APART = 0.12
"""Distance between neighbouring circles without an arrow between them."""

CLEAR = 0.05
"""Least distance from an arrow to the circles that it passes."""

LABEL_CLEAR = 0.06
"""Least distance from a label to the objects that it does not belong to."""

_ALONG = (0.5, 0.44, 0.56, 0.38, 0.62, 0.33, 0.67, 0.29, 0.71, 0.25, 0.75, 0.21, 0.79)
"""Places of a label on its arrow, as shares of the length, the best first."""

_STEPS = np.linspace(0, 1, 61)


@dataclass(frozen=True)
class Route:
    """An arrow.

    Attributes
    ----------
    bend : float
        Curvature of matplotlib's ``arc3``: the share of the length by which the arrow bends, above 0 to its right.
    label : tuple of float
        Centre of the label.
    points : ndarray, shape (k, 2)
        Points along the arrow, outside the two circles.
    """

    bend: float
    label: tuple[float, float]
    points: Points


def places(weights: Sequence[float], links: Sequence[Link], radius: float, width: float) -> Points:
    """Place the centres of the circles.

    Parameters
    ----------
    weights : sequence of float, length m
        Weights of the hypotheses.
    links : sequence of (int, int)
        Source and target of the arrows.
    radius : float
        Radius of the circles.
    width : float
        Available width of a row.

    Returns
    -------
    ndarray, shape (m, 2)
        Centres. A chain is in rows of alternating direction, and circles without arrows are in a grid. If some hypotheses
        start without a weight, the first row has those with one. The next row has their targets, and so on. All other graphs
        are a circle, clockwise.
    """
    m = len(weights)
    if all(target == source + 1 for source, target in links):
        return _chain(m, 2 * radius, width) if links else _grid(m, 2 * radius, width)
    depth = _depths(weights, links)
    if max(depth) > 0:
        return _rows(depth, links, radius)
    step = 2 * radius + BETWEEN
    around = max(step / 2 / math.sin(math.pi / m), step / 2)
    start = math.pi / 2 if m % 2 else math.pi / 2 + math.pi / m
    angles = start - 2 * math.pi * np.arange(m) / m
    return around * np.column_stack([np.cos(angles), np.sin(angles)])


def _chain(m: int, size: float, width: float) -> Points:
    """Place a chain in one row, or in several of alternating direction."""
    in_row = _in_row(m, size, LEAST, width)
    step = size + min(BETWEEN, (width - in_row * size) / max(1, in_row - 1))
    row, column = np.divmod(np.arange(m), in_row)
    turned = np.where(row % 2, in_row - 1 - column, column)
    return np.column_stack([turned * step, -row * (size + BETWEEN)]).astype(float)


def _grid(m: int, size: float, width: float) -> Points:
    row, column = np.divmod(np.arange(m), _in_row(m, size, APART, width))
    return np.column_stack([column, -row]) * (size + APART)


def _in_row(m: int, size: float, between: float, width: float) -> int:
    """Count the circles per row if there are as few rows as possible."""
    most = max(1, int((width + between) // (size + between)))
    return math.ceil(m / math.ceil(m / most))


def _depths(weights: Sequence[float], links: Sequence[Link]) -> list[int]:
    """Count the least number of rejections before each hypothesis has a share of the level."""
    depth = [0 if weight > 0 else len(weights) for weight in weights]
    for _ in weights:
        for source, target in links:
            depth[target] = min(depth[target], depth[source] + 1)
    reached = [number for number in depth if number < len(weights)]
    return [min(number, max(reached, default=-1) + 1) for number in depth]


def _rows(depth: Sequence[int], links: Sequence[Link], radius: float) -> Points:
    found = np.empty((len(depth), 2))
    beside = any(depth[source] == depth[target] for source, target in links)
    step = 2 * radius + (BETWEEN if beside else max(APART, 0.6 * BETWEEN))
    widest = max(depth.count(level) for level in set(depth))
    # Wide rows need more height between them; otherwise the arrows between rows overlap.
    drop = 2 * radius + max(1.1 * BETWEEN, 0.3 * step * (widest - 1))
    for level in sorted(set(depth)):
        members = [number for number, depth_of_node in enumerate(depth) if depth_of_node == level]
        for place, number in enumerate(members):
            found[number] = step * (place - (len(members) - 1) / 2), -drop * level
    return found


def routes(centres: Points, links: Sequence[Link], sizes: Sequence[Size], radius: float) -> list[Route]:
    """Route the arrows around the circles, and place their labels.

    Parameters
    ----------
    centres : ndarray, shape (m, 2)
        Centres of the circles.
    links : sequence of (int, int)
        Source and target of the arrows.
    sizes : sequence of (float, float)
        Half the width and half the height of each label.
    radius : float
        Radius of the circles.

    Returns
    -------
    list of Route
        Routes in the order of the links. Two opposite arrows bend apart.
    """
    bends = [_bend(centres, link, (link[1], link[0]) in links, radius) for link in links]
    ways = [_way(centres, link, bend) for link, bend in zip(links, bends, strict=True)]
    outside = [_outside(way, centres[list(link)], radius) for way, link in zip(ways, links, strict=True)]
    found: list[Route] = []
    for number, way in enumerate(ways):
        others = np.concatenate([np.empty((0, 2)), *(points for other, points in enumerate(outside) if other != number)])
        taken = [(route.label, sizes[other]) for other, route in enumerate(found)]
        spots = [_point(way, along) for along in _ALONG]
        free = [_room(spot, sizes[number], centres, radius, others, taken) for spot in spots]
        best = next((place for place, room in enumerate(free) if room >= LABEL_CLEAR), int(np.argmax(free)))
        found.append(Route(bends[number], (float(spots[best][0]), float(spots[best][1])), outside[number]))
    return found


def _bend(centres: Points, link: Link, has_return: bool, radius: float) -> float:  # noqa: FBT001 - a fact about the link
    """Choose the least bend that avoids all other circles."""
    tried = (0.16, 0.26, 0.4, 0.55) if has_return else (0.0, 0.2, -0.2, 0.35, -0.35, 0.5, -0.5)
    others = np.delete(centres, list(link), axis=0)
    if not len(others):
        return tried[0]
    room = [_nearest(_curve(_way(centres, link, bend)), others) - radius for bend in tried]
    return next((bend for bend, free in zip(tried, room, strict=True) if free >= CLEAR), tried[int(np.argmax(room))])


def _way(centres: Points, link: Link, bend: float) -> Points:
    """Return the ends and the control point of the curve that ``arc3`` draws."""
    start, end = centres[list(link)]
    across = np.array([end[1] - start[1], start[0] - end[0]])
    return np.array([start, (start + end) / 2 + bend * across, end])


def _point(way: Points, along: float | Points) -> Points:
    t = np.asarray(along)[..., None]
    return np.asarray((1 - t) ** 2 * way[0] + 2 * t * (1 - t) * way[1] + t**2 * way[2])


def _curve(way: Points) -> Points:
    return _point(way, _STEPS)


def _outside(way: Points, ends: Points, radius: float) -> Points:
    curve = _curve(way)
    return np.asarray(curve[(np.hypot(*(curve[:, None] - ends).transpose(2, 0, 1)) >= radius).all(axis=1)])


def _nearest(points: Points, others: Points) -> float:
    return float(np.hypot(*(points[:, None] - others).transpose(2, 0, 1)).min())


def _room(spot: Points, size: Size, centres: Points, radius: float, arrows: Points, labels: list[tuple[Size, Size]]) -> float:
    """Calculate the distance of a label to all other objects: 0 on an arrow, and less on a circle or a label, which is worse."""
    solid = [float(_gaps(centres - spot, size).min()) - radius]
    solid += [float(_gaps(np.subtract(place, spot), np.add(size, other))) for place, other in labels]
    room = min(solid) if min(solid) > 0 else -1.0
    return min(room, float(_gaps(arrows - spot, size).min())) if len(arrows) else room


def _gaps(away: Points, size: Size | Points) -> Points:
    """Calculate the distances from the edge of a rectangle, given by half its size, to points relative to its centre."""
    return np.asarray(np.hypot(*np.maximum(np.abs(away) - size, 0.0).T))
