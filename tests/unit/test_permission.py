"""Which zones a block may be given to, blocks kept together, and separators: against networkx and plain enumeration."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from districts import grid_district
from oracles import PRIMARY, YEAR, every_plan, random_district

from xuequ.solver.contraction import contract
from xuequ.solver.cuts import Cut, CutPool, pieces_cut_off, separate
from xuequ.solver.engine import Effort
from xuequ.solver.problem import DISTANCE, OVER, Problem, build_problem
from xuequ.solver.search import Target
from xuequ.solver.submip import Region, reoptimise, zone_neighbours
from xuequ.zoning.adjacency import Adjacency
from xuequ.zoning.catchments import Catchments
from xuequ.zoning.district import District
from xuequ.zoning.options import Lock, Options, ZoningOptions
from xuequ.zoning.stage import Stage


def built(district: District) -> Problem:
    return build_problem(district, PRIMARY, YEAR, district.options.zoning)


def asked(district: District, **rules: object) -> District:
    return district.replace(options=Options(zoning=ZoningOptions(regime="full", **rules)))


def zones_of(problem: Problem) -> list[list[int]]:
    return [problem.arc_zone[problem.arc_indptr[i] : problem.arc_indptr[i + 1]].tolist() for i in range(problem.units)]


@pytest.mark.parametrize("seed", range(12))
def test_no_zone_is_taken_from_a_block_that_some_plan_gives_it(seed: int) -> None:
    twists = ("rivers", "links", "islands", "locks", "forbidden")[: 1 + seed % 5]
    district = random_district(seed, (4, 3), 2 + seed % 2, twists=twists)
    plans, problem = every_plan(district), built(district)
    if not len(plans):
        return
    assert problem.conflicts == ()
    for i, allowed in enumerate(zones_of(problem)):
        assert set(plans.zone[:, i].tolist()) <= set(allowed)


@pytest.mark.parametrize("seed", range(12))
def test_a_conflict_is_never_said_where_a_plan_exists(seed: int) -> None:
    district = random_district(seed + 100, (3, 3), 2, twists=("rivers", "locks", "forbidden", "together"))
    if built(district).conflicts:
        assert len(every_plan(district)) == 0


@pytest.mark.parametrize(
    ("locks", "together", "words"),
    [
        ((Lock("b0_0", PRIMARY, "s1"),), (), "holds school s0, but a lock gives it to another"),
        ((Lock("b0_2", PRIMARY, "s0"), Lock("b0_2", PRIMARY, "s1")), (), "locked to a school that its locks"),
        ((Lock("b0_2", PRIMARY, "s9"),), (), "locked to school s9, which has no primary catchment in 2026"),
        ((), (("b0_0", "b2_3"),), "kept together with the blocks of two schools, s0 and s1"),
        (
            tuple(Lock("b0_1", PRIMARY, school, must=False) for school in ("s0", "s1")),
            (),
            "can be joined to no school's catchment",
        ),
    ],
)
def test_each_conflict_has_its_sentence(locks: tuple[Lock, ...], together: tuple[tuple[str, ...], ...], words: str) -> None:
    problem = built(asked(grid_district(4, 3, (0, 11), pupils=5), locks=locks, keep_together=together))
    assert any(words in item.sentence for item in problem.conflicts)


def test_locks_of_other_stages_and_of_blocks_that_are_gone_bind_nothing() -> None:
    locks = (Lock("b0_1", Stage.JUNIOR, "s1"), Lock("nowhere", PRIMARY, "s1"), Lock("b0_2", PRIMARY, "s9", must=False))
    problem = built(asked(grid_district(4, 3, (0, 11), pupils=5), locks=locks))
    assert problem.conflicts == ()
    assert zones_of(problem)[1] == zones_of(problem)[2] == [0, 1]


@pytest.mark.parametrize("seed", range(8))
def test_kept_together_is_connected_and_as_small_as_ways_allow(seed: int) -> None:
    rng = np.random.default_rng(seed)
    district = random_district(seed, (6, 5), 2, twists=("rivers",))
    graph = nx.Graph(district.adjacency.pairs().tolist())
    pair = [int(b) for b in rng.choice(30, 2, replace=False)]
    units = contract(district, (tuple(district.blocks.ids[b] for b in pair),))
    joined = np.flatnonzero(units.of == units.of[pair[0]]).tolist()
    assert nx.is_connected(graph.subgraph(joined))
    assert len(joined) == nx.shortest_path_length(graph, *pair) + 1
    assert units.count == 30 - len(joined) + 1
    assert units.sizes().sum() == 30


def test_sets_that_share_a_block_are_one_and_unknown_blocks_none() -> None:
    district = grid_district(5, 1, (0, 4))
    assert contract(district, (("b0_0", "b0_1"), ("b0_1", "b0_2"), ("b0_3", "nowhere"), ())).of.tolist() == [0, 0, 0, 1, 2]


def test_blocks_that_no_way_joins_stay_in_parts_of_one_unit() -> None:
    base = grid_district(4, 1, (0, 3))
    district = base.replace(adjacency=Adjacency.from_pairs(4, np.array([[0, 1], [2, 3]])))
    units = contract(district, (("b0_1", "b0_2"),))
    assert units.of.tolist() == [0, 1, 1, 2]


@pytest.mark.parametrize("seed", range(10))
def test_separators_cut_off_every_piece_and_are_minimal(seed: int) -> None:
    district = random_district(seed, (6, 5), 3, twists=("rivers", "links"))
    problem, rng = built(district), np.random.default_rng(seed)
    chosen = rng.integers(0, 3, 30).astype(np.int32)
    chosen[problem.root] = np.arange(3)
    graph = nx.Graph(district.adjacency.pairs().tolist())
    allowed = [{i for i, zones in enumerate(zones_of(problem)) if j in zones} for j in range(3)]
    cuts = separate(problem, chosen, range(3))
    pieces = {(i, j) for j in range(3) for piece in pieces_cut_off(problem, chosen == j, j) for i in piece}
    assert {(cut.unit, cut.zone) for cut in cuts} <= pieces
    assert bool(cuts) == bool(pieces)
    for cut in cuts:
        root = int(problem.root[cut.zone])
        if cut.unit not in allowed[cut.zone]:
            continue
        inside = graph.subgraph(allowed[cut.zone] - set(cut.separator))
        assert not nx.has_path(inside, cut.unit, root)
        for spared in cut.separator:
            wider = graph.subgraph(allowed[cut.zone] - set(cut.separator) | {spared})
            assert nx.has_path(wider, cut.unit, root)


@pytest.mark.parametrize("seed", range(8))
def test_cuts_hold_for_every_plan_there_is(seed: int) -> None:
    district = random_district(seed, (4, 3), 2 + seed % 2, twists=("rivers", "links", "forbidden")[: 1 + seed % 3])
    problem, plans, rng = built(district), every_plan(district), np.random.default_rng(seed)
    pool = CutPool()
    for _ in range(20):
        chosen = rng.integers(0, problem.zones, 12).astype(np.int32)
        chosen[problem.root] = np.arange(problem.zones)
        pool.add(separate(problem, chosen, range(problem.zones)))
    cuts = list(pool.of(range(problem.zones)))
    assert len(cuts) > 10
    for cut in cuts:
        given = plans.zone[:, cut.unit] == cut.zone
        assert (plans.zone[given][:, list(cut.separator)] == cut.zone).any(axis=1).all() or not given.any()


def test_a_pool_counts_what_is_new_and_gives_it_by_zone() -> None:
    pool = CutPool()
    one, two = Cut(3, 0, (1, 2)), Cut(3, 1, (1, 2))
    assert pool.add([one, two, one]) == 2
    assert pool.add([one]) == 0
    assert list(pool.of([1])) == [two]
    assert list(pool.of([2])) == []


@pytest.mark.parametrize("seed", range(8))
def test_a_region_is_solved_to_the_best_with_the_rest_as_it_is(seed: int) -> None:
    """Two of three zones anew: no plan of the list that keeps the third zone as it is is better."""
    district = random_district(seed, (4, 3), 3, slack=1)
    problem, plans, rng = built(district), every_plan(district), np.random.default_rng(seed)
    start = plans.zone[rng.integers(len(plans))].astype(np.int32)
    touching = zone_neighbours(problem, start)
    assert (touching == touching.T).all()
    a, b = np.unravel_index(touching.argmax(), touching.shape)
    zones = np.array(sorted((int(a), int(b))))
    target = Target((np.arange(7) == DISTANCE).astype(float), np.full(7, np.inf))
    outcome = reoptimise(problem, start, Region.of(problem, start, zones), target, CutPool(), Effort())
    third = next(k for k in range(3) if k not in zones)
    same = ((plans.zone == third) == (start == third)).all(axis=1)
    best = plans.goals["distance"][same].min()
    assert outcome.zone is not None
    assert problem.measure(outcome.zone)[DISTANCE] == pytest.approx(best)
    assert (outcome.zone[start == third] == third).all()
    assert all(len(seen) == 12 for seen in outcome.seen)


@pytest.mark.parametrize("seed", range(6))
def test_a_relaxed_optimum_of_nothing_does_not_end_the_rounds_of_cuts(seed: int) -> None:
    """Pupils above the seats can be 0 in pieces; the least of whole catchments is found and proved all the same."""
    district = random_district(seed, (4, 3), 2, twists=("rivers",))
    problem, plans = built(district), every_plan(district)
    worst = plans.zone[plans.goals["over_standard"].argmax()].astype(np.int32)
    target, cuts = Target((np.arange(7) == OVER).astype(float), np.full(7, np.inf)), CutPool()
    outcome = reoptimise(problem, worst, Region.whole(problem), target, cuts, Effort())
    assert outcome.zone is not None
    assert problem.measure(outcome.zone)[OVER] == plans.goals["over_standard"].min()
    assert outcome.bound == pytest.approx(plans.goals["over_standard"].min(), abs=1e-4)


def test_limits_that_nothing_keeps_are_infeasible_and_a_stop_is_not() -> None:
    district = random_district(1, (4, 3), 2)
    problem, plans = built(district), every_plan(district)
    limits = np.full(7, np.inf)
    limits[DISTANCE] = 0.5 * plans.goals["distance"].min()
    target, start = Target((np.arange(7) == OVER).astype(float), limits), plans.zone[0].astype(np.int32)
    outcome = reoptimise(problem, start, Region.whole(problem), target, CutPool(), Effort())
    assert outcome.zone is None
    assert outcome.bound == np.inf
    stopped = reoptimise(problem, start, Region.whole(problem), target, CutPool(), Effort(), should_stop=lambda: True)
    assert stopped.bound < np.inf or stopped.zone is None


def test_catchments_of_other_schools_are_translated_by_the_most_pupils() -> None:
    """Blocks 1 and 2 are kept together: 5 pupils went to s0, 30 to s1; a school that is gone is none."""
    pupils = np.array([9, 5, 30, 9])
    district = asked(grid_district(4, 1, (0, 3), pupils=pupils), keep_together=(("b0_1", "b0_2"),))
    problem = built(district)
    before = Catchments(PRIMARY, 2025, ((0,), (1,)), np.array([0, 0, 1, 1]))
    assert problem.units_of(before).tolist() == [0, 1, 1]
    gone = Catchments(PRIMARY, 2025, ((0,), (7,)), np.array([0, 1, 1, 1]))
    assert problem.units_of(gone).tolist() == [0, -1, -1]
