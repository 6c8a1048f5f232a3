"""Shared borders against each edge of the cells that blocks are made of; neighbours of points against every third point."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import combinations, pairwise

import networkx as nx
import numpy as np
import pytest
import shapely
from case_folders import Folder
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from xuequ.data.borders import BorderOptions, measure_borders
from xuequ.data.case import check_case

seeds = st.integers(0, 2**32 - 1)
EXACT = BorderOptions(tolerance_m=0.01, min_border_m=0.5, near_miss_m=0.0, sliver_width_m=0.0)


class Cells:
    """Cells of a map with equal corners, and the blocks that are made of them: in parts, round each other, of any size."""

    def __init__(self, seed: int, *, blocks: int, cells: int = 45) -> None:
        rng = np.random.default_rng(seed)
        seats = np.round(rng.uniform(0, 900, (cells, 2)))
        drawn = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(seats), extend_to=shapely.box(-99, -99, 999, 999)))
        self.cells = drawn
        self.owner = rng.integers(0, blocks, len(drawn))
        self.owner[rng.permutation(len(drawn))[:blocks]] = np.arange(blocks)
        self.edges = defaultdict(list)
        for cell, shape in enumerate(drawn):
            corners = [tuple(corner) for corner in shapely.get_coordinates(shape).tolist()]
            for a, b in pairwise(corners):
                self.edges[frozenset((a, b))].append(cell)
        self.blocks = blocks

    def shapes(self):
        return np.array([shapely.union_all(self.cells[self.owner == block]) for block in range(self.blocks)])

    def segments(self):
        """Edges between two blocks, by the pair of blocks."""
        found = defaultdict(list)
        for ends, cells in self.edges.items():
            owners = {int(self.owner[cell]) for cell in cells}
            if len(cells) == 2 and len(owners) == 2:
                found[tuple(sorted(owners))].append(shapely.LineString(sorted(ends)))
        return found


def measured(adjacency):
    return {
        tuple(pair): metres for pair, metres in zip(adjacency.pairs().tolist(), adjacency.pair_border_m().tolist(), strict=True)
    }


maps = st.tuples(seeds, st.integers(2, 20))


@settings(max_examples=40, deadline=None)
@given(maps)
def test_every_border_has_the_length_of_its_edges(case):
    """Blocks in several parts, with holes, one inside another: it is all the same."""
    seed, blocks = case
    cells = Cells(seed, blocks=blocks)
    true = {pair: sum(line.length for line in lines) for pair, lines in cells.segments().items()}
    adjacency, problems = measure_borders(cells.shapes(), options=EXACT)
    expected = {pair: metres for pair, metres in true.items() if metres >= EXACT.min_border_m}
    found = measured(adjacency)
    assert found.keys() == expected.keys()
    assert found == pytest.approx(expected, abs=1e-3)
    assert not any("invalid" in item.message or "overlap" in item.message for item in problems)


@settings(max_examples=40, deadline=None)
@given(maps, st.floats(0.0, 120.0))
def test_the_least_border_leaves_out_what_is_shorter(case, least):
    seed, blocks = case
    cells = Cells(seed, blocks=blocks)
    true = {pair: sum(line.length for line in lines) for pair, lines in cells.segments().items()}
    assume(all(abs(metres - least) > 0.01 for metres in true.values()))
    adjacency, _ = measure_borders(cells.shapes(), options=BorderOptions(0.01, max(least, 0.5), 15.0, 0.0, 0.0))
    assert set(measured(adjacency)) == {pair for pair, metres in true.items() if metres >= max(least, 0.5)}


@settings(max_examples=40, deadline=None)
@given(maps, st.floats(2.0, 40.0))
def test_what_runs_along_a_barrier_does_not_count(case, width_m):
    seed, blocks = case
    cells = Cells(seed, blocks=blocks)
    rng = np.random.default_rng(seed)
    river = shapely.LineString(rng.uniform(-100, 1000, (4, 2)))
    beside = river.buffer(width_m, quad_segs=64)
    options = BorderOptions(0.01, 10.0, width_m, 0.0, 0.0)
    free = {pair: sum(line.difference(beside).length for line in lines) for pair, lines in cells.segments().items()}
    assume(all(abs(metres - 10.0) > 0.05 * width_m for metres in free.values()))
    found = measured(measure_borders(cells.shapes(), options=options, barriers=[river])[0])
    expected = {pair: metres for pair, metres in free.items() if metres >= 10.0}
    assert found.keys() == expected.keys()
    # The measure draws round ends with few corners: a little less of the border is taken away.
    assert found == pytest.approx(expected, abs=0.3 * width_m)


@settings(max_examples=30, deadline=None)
@given(maps, seeds)
def test_links_join_whatever_lies_between_and_change_no_border(case, seed):
    blocks = case[1]
    cells = Cells(case[0], blocks=blocks)
    rng = np.random.default_rng(seed)
    links = rng.integers(0, blocks, (5, 2))
    links = links[links[:, 0] != links[:, 1]]
    plain = measured(measure_borders(cells.shapes(), options=EXACT)[0])
    river = [shapely.box(-1e5, -1e5, 1e5, 1e5)]
    linked = measured(measure_borders(cells.shapes(), options=EXACT, links=links)[0])
    drowned = measured(measure_borders(cells.shapes(), options=EXACT, links=links, barriers=river)[0])
    wanted = {tuple(sorted(pair)) for pair in links.tolist()}
    assert linked.keys() == plain.keys() | wanted
    assert {pair: linked[pair] for pair in plain} == pytest.approx(plain)
    assert all(linked[pair] == 0.0 for pair in wanted - plain.keys())
    assert drowned == dict.fromkeys(wanted, 0.0)


@settings(max_examples=30, deadline=None)
@given(seeds, st.integers(2, 12), st.floats(1.0, 6.0))
def test_blocks_with_streets_between_them_touch_over_the_width_of_the_street(seed, blocks, street_m):
    cells = Cells(seed, blocks=blocks, cells=14)
    shapes = shapely.buffer(cells.shapes(), -street_m / 2, join_style="mitre")
    assume(not shapely.is_empty(shapes).any())
    true = {pair: sum(line.length for line in lines) for pair, lines in cells.segments().items()}
    options = BorderOptions(1.05 * street_m, 5.0, 15.0, 0.0, 0.0)
    found = measured(measure_borders(shapes, options=options)[0])
    for pair, metres in true.items():
        if metres > 30 * street_m:  # corners are cut where streets meet
            assert 0.5 * metres < found[pair] <= metres + 10 * street_m
    near = {(i, j) for i, j in combinations(range(blocks), 2) if shapes[i].distance(shapes[j]) <= options.tolerance_m}
    assert found.keys() <= near


@settings(max_examples=40, deadline=None)
@given(maps)
def test_pieces_of_the_map_are_those_of_networkx_and_islands_are_told(case):
    seed, blocks = case
    cells = Cells(seed, blocks=blocks)
    kept = np.random.default_rng(seed).random(blocks) < 0.6
    assume(kept.sum() >= 2)
    number = np.cumsum(kept) - 1
    graph = nx.Graph()
    graph.add_nodes_from(range(int(kept.sum())))
    graph.add_edges_from(
        (int(number[a]), int(number[b]))
        for (a, b), lines in cells.segments().items()
        if kept[a] and kept[b] and sum(line.length for line in lines) >= EXACT.min_border_m
    )
    names = [f"n{k}" for k in range(int(kept.sum()))]
    adjacency, problems = measure_borders(cells.shapes()[kept], options=EXACT, ids=names)
    pieces = list(nx.connected_components(graph))
    assert len(np.unique(adjacency.components())) == len(pieces)
    islands = [item for item in problems if "no shared border leads" in item.message]
    assert len(islands) == len(pieces) - 1
    largest = max(len(piece) for piece in pieces)
    told = {item.row for item in islands}
    small = [{names[k] for k in piece} for piece in pieces if len(piece) < largest]
    assert all(told & piece for piece in small)


@settings(max_examples=40, deadline=None)
@given(maps, st.floats(0.5, 60.0))
def test_slivers_are_told_by_their_mean_width(case, width_m):
    seed, blocks = case
    shapes = Cells(seed, blocks=blocks).shapes()
    width = 2 * shapely.area(shapes) / shapely.length(shapes)
    assume(np.abs(width - width_m).min() > 1e-6)
    options = BorderOptions(0.01, 5.0, 15.0, 0.0, width_m)
    names = [f"n{k}" for k in range(blocks)]
    _, problems = measure_borders(shapes, options=options, ids=names)
    told = Counter(item.row for item in problems if "is a sliver" in item.message)
    assert told == Counter(name for name, mean in zip(names, width, strict=True) if mean < width_m)


def point_case(folder, points):
    blocks = [{"id": f"b{k}", "x": x, "y": y, "pupils_primary": 5} for k, (x, y) in enumerate(points)]
    schools = [{"id": "A", "name": "A", "x": 0.0, "y": 0.0, "stages": "primary", "classrooms": 6, "block": "b0"}]
    case = Folder(schools=schools, sections={"case": 'name = "points"\ncrs = "local-metres"\nschool_year = 2025'})
    case.sections["tables.schools"] = 'file = "schools.csv"'
    return check_case(case.table("blocks", blocks, file="points.csv").write(folder))


def neighbours(report):
    return [tuple(pair) for pair in report.district.adjacency.pairs().tolist()]


@pytest.mark.parametrize("seed", range(8))
def test_points_touch_where_no_third_one_lies_between(tmp_path, seed):
    rng = np.random.default_rng(seed)
    points = np.round(rng.uniform(0, 2000, (40, 2)), 1) if seed < 4 else 50.0 * rng.integers(0, 7, (30, 2))
    points = np.unique(points, axis=0)
    expected = [
        (i, j)
        for i, j in combinations(range(len(points)), 2)
        if not any(
            np.hypot(*(points[k] - (points[i] + points[j]) / 2)) <= np.hypot(*(points[i] - points[j])) / 2 + 1e-9
            for k in range(len(points))
            if k not in {i, j}
        )
    ]
    report = point_case(tmp_path, points.tolist())
    assert neighbours(report) == expected
    assert nx.is_connected(nx.Graph(expected))
    assert any("blocks are points: which of them touch" in item.message for item in report.problems)


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([(0, 0), (100, 0), (50, 0)], [(0, 2), (1, 2)]),
        ([(0, 0), (0, 300), (0, 100), (0, 200)], [(0, 2), (1, 3), (2, 3)]),
        ([(0, 0), (70, 0)], [(0, 1)]),
        ([(5, 5)], []),
        ([(0, 0), (0, 0)], [(0, 1)]),
        ([(0, 0), (0, 0), (0, 0)], [(0, 1), (0, 2), (1, 2)]),
        ([(0, 0), (100, 0), (100, 0.001)], [(0, 1), (0, 2), (1, 2)]),
        ([(0, 0), (100, 0), (0, 100), (100, 100), (100, 100)], [(0, 1), (0, 2), (1, 3), (1, 4), (2, 3), (2, 4), (3, 4)]),
    ],
)
def test_points_on_one_line_and_at_one_place(tmp_path, points, expected):
    """Two towers with one point between them are neighbours, and share all others: nobody is cut off by a coarse address."""
    report = point_case(tmp_path, points)
    assert neighbours(report) == expected
    assert report.district.adjacency.components().max(initial=0) == 0
    assert not any("cut off" in item.message for item in report.problems)
