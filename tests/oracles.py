"""
Brute force for small districts: every plan of whole blocks that keeps the rules, with the value of each goal.

Nothing of the solver is used: contiguity is asked of networkx, loads and ways are sums over the district's own records.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import networkx as nx
import numpy as np
from districts import grid_district

from xuequ.zoning.adjacency import Adjacency
from xuequ.zoning.district import District
from xuequ.zoning.options import GoalSpec, Lock, Options, ZoningOptions
from xuequ.zoning.rounds import Round, admission_round
from xuequ.zoning.stage import Stage

PRIMARY, YEAR = Stage.PRIMARY, 2026


@dataclass(frozen=True, eq=False)
class AllPlans:
    """Every plan that keeps the rules: zone of each block, shape ``(plans, blocks)``, and each goal's value by plan."""

    zone: np.ndarray
    goals: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.zone)

    def kept(self, chosen: np.ndarray) -> AllPlans:
        return AllPlans(self.zone[chosen], {name: values[chosen] for name, values in self.goals.items()})

    def best_in_order(self, goals: Sequence[GoalSpec]) -> dict[str, float]:
        """Return the least value of each goal among the plans that the goals before it leave, tolerances among them."""
        left, result = self, {}
        for goal in goals:
            result[goal.name] = least = float(left.goals[goal.name].min())
            most = np.floor(least * (1 + goal.tolerance) + 1e-9) if goal.name in COUNTED else least * (1 + goal.tolerance) + 1e-6
            left = left.kept(left.goals[goal.name] <= most)
        return result


COUNTED = {"super_large", "large", "over_standard", "too_far", "moved"}


def every_plan(district: District, year: int = YEAR) -> AllPlans:
    """Return every plan for the primary stage under the district's options, regime full."""
    options = district.options.zoning
    chosen = admission_round(district, PRIMARY, year, regime="full")
    zones = np.arange(len(chosen.zones))
    choices = _choices(district, chosen)
    zone = np.array(list(itertools.product(*choices)), dtype=np.int64).reshape(-1, len(choices))
    kept = _contiguous(district, chosen, zone)
    index = district.block_index()
    for group in options.keep_together:
        members = zone[:, [index[name] for name in group]]
        kept &= (members == members[:, :1]).all(axis=1)
    found = AllPlans(zone, _goals(district, chosen, zone, zones)).kept(kept)
    if options.seats == "hard":
        found = found.kept(found.goals["over_standard"] == 0)
    if options.moved_max is not None:
        most = options.moved_max if options.moved_max >= 1 or options.moved_max == 0 else options.moved_max * chosen.pupils.sum()
        found = found.kept(found.goals["moved"] <= most)
    return found


def _choices(district: District, chosen: Round) -> list[list[int]]:
    """Return the zones that roots and locks leave to each block; none where they contradict each other."""
    blocks, schools = district.block_index(), district.school_index()
    zone_of = {j: k for k, members in enumerate(chosen.zones) for j in members}
    left = [set(range(len(chosen.zones))) for _ in blocks]
    for j, k in zone_of.items():
        left[district.schools.block[j]] &= {k}
    for lock in district.options.zoning.locks:
        if lock.stage is PRIMARY:
            k = zone_of[schools[lock.school]]
            left[blocks[lock.block]] &= {k} if lock.must else set(zone_of.values()) - {k}
    return [sorted(item) for item in left]


def _contiguous(district: District, chosen: Round, zone: np.ndarray) -> np.ndarray:
    """Say of each plan whether every zone is one piece round its school; components without a school go anywhere."""
    graph = nx.Graph(district.adjacency.pairs().tolist())
    graph.add_nodes_from(range(len(district.blocks)))
    roots = [int(district.schools.block[members[0]]) for members in chosen.zones]
    bound = sorted(set().union(*(nx.node_connected_component(graph, root) for root in roots)))
    kept = np.ones(len(zone), dtype=bool)
    for k, root in enumerate(roots):
        masks, at = np.unique((zone[kept][:, bound] == k) @ (1 << np.arange(len(bound))), return_inverse=True)
        members = [[b for n, b in enumerate(bound) if mask >> n & 1] for mask in masks.tolist()]
        whole = [root in each and nx.is_connected(graph.subgraph(each)) for each in members]
        kept[kept] = np.array(whole, dtype=bool)[at]
    return kept


def _goals(district: District, chosen: Round, zone: np.ndarray, zones: np.ndarray) -> dict[str, np.ndarray]:
    pupils, blocks = chosen.pupils, np.arange(zone.shape[1])
    load = np.stack([(zone == k) @ pupils for k in zones], axis=1)
    capacity = chosen.capacity
    over = {
        name: np.maximum(load - seats, 0).sum(axis=1).astype(float)
        for name, seats in (
            ("over_standard", capacity.planned),
            ("large", capacity.working),
            ("super_large", capacity.absolute),
        )
    }
    matrix = district.distances.to_matrix()
    metres = np.column_stack([matrix[:, list(members)].min(axis=1) for members in chosen.zones])
    way = metres[blocks, zone]
    today = district.today[PRIMARY]
    now = [today.zones[number] for number in today.zone]
    changed = np.array([[set(members) != set(old) for members in chosen.zones] for old in now])[blocks, zone]
    a, b = district.adjacency.pairs().T
    return over | {
        "distance": (way * pupils).sum(axis=1) / 1000,
        "too_far": ((way > chosen.limit_m) * pupils).sum(axis=1).astype(float),
        "moved": (changed * pupils).sum(axis=1).astype(float),
        "compactness": ((zone[:, a] != zone[:, b]) * district.adjacency.pair_border_m()).sum(axis=1),
    }


def random_district(
    seed: int,
    size: tuple[int, int] = (4, 3),
    schools: int = 2,
    *,
    goals: Sequence[GoalSpec] = (GoalSpec("distance"),),
    seats: str = "soft",
    slack: int = 0,
    twists: Sequence[str] = (),
) -> District:
    """
    Make a small district at random, tight in seats, with some of the things that real districts have.

    ``twists``: ``rivers`` cut borders, ``links`` join blocks that do not touch, ``islands`` cut off a corner, ``shared``
    puts the second school beside the first, ``locks``, ``forbidden`` and ``together`` as in ``[zoning]``; ``moved`` draws
    today's catchments at random.
    """
    rng = np.random.default_rng(seed)
    count = size[0] * size[1]
    homes = rng.choice(np.arange(1, count), schools, replace=False)
    if "shared" in twists:
        homes[1] = homes[0]
    pupils = rng.integers(4, 40, count)
    rooms = -(-int(pupils.sum()) // (45 * schools)) + slack
    base = grid_district(*size, tuple(int(b) for b in homes), pupils=pupils, rooms=rooms, seed=seed)
    base = base.replace(adjacency=_twisted(base.adjacency, rng, twists))
    if "moved" in twists:
        base = base.replace(today={PRIMARY: replace(base.today[PRIMARY], zone=rng.permutation(base.today[PRIMARY].zone))})
    options = ZoningOptions(regime="full", goals=tuple(goals), seats=seats, **_rules(base, rng, twists))
    rules = base.rules.override({"limit.primary": 450})
    return base.replace(options=Options(zoning=options), rules=rules)


def _twisted(adjacency: Adjacency, rng: np.random.Generator, twists: Sequence[str]) -> Adjacency:
    pairs, border = adjacency.pairs(), adjacency.pair_border_m()
    kept = np.ones(len(pairs), dtype=bool)
    if "rivers" in twists:
        kept[rng.choice(len(pairs), 3, replace=False)] = False
    if "islands" in twists:
        kept &= (pairs != 0).all(axis=1)
    pairs, border = pairs[kept], border[kept]
    if "links" in twists:
        more = [sorted(rng.choice(np.arange(1, len(adjacency)), 2, replace=False)) for _ in range(2)]
        pairs, border = np.concatenate([pairs, more]), np.concatenate([border, [0.0, 0.0]])
    return Adjacency.from_pairs(len(adjacency), pairs, border)


def _rules(district: District, rng: np.random.Generator, twists: Sequence[str]) -> dict[str, object]:
    free = [b for b in range(len(district.blocks)) if b not in district.schools.block]
    ids, schools = district.blocks.ids, district.schools.ids
    locks = []
    for twist, must in (("locks", True), ("forbidden", False)):
        if twist in twists:
            blocks = rng.choice(free, 2, replace=False)
            locks += [Lock(ids[block], PRIMARY, schools[rng.integers(len(schools))], must=must) for block in blocks]
    rules: dict[str, object] = {"locks": tuple(locks)}
    if "together" in twists:
        pairs = district.adjacency.pairs()
        chosen = pairs[rng.choice(len(pairs), 2, replace=False)]
        rules["keep_together"] = tuple((ids[a], ids[b]) for a, b in chosen)
    return rules
