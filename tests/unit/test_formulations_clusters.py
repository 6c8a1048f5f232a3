"""Each family of rows of the cluster model as an LP file that a person can read."""

from __future__ import annotations

import pulp
import pytest

from xuequ.solver.formulations import clusters

LEADS = ("u0", "u3")
SCHOOLS = ("u0", "u1", "u2", "u3")


@pytest.fixture
def model():
    return pulp.LpProblem("clusters", pulp.LpMinimize)


@pytest.fixture
def assign(model):
    return {(u, c): model.add_variable(f"in_{u}_{c}", cat="Binary") for u in SCHOOLS for c in LEADS}


def test_school_has_one_cluster(model, assign, golden_lp):
    clusters.school_has_one_cluster(model, assign)
    written, expected = golden_lp("clusters_school_has_one_cluster.lp", model)
    assert written == expected


def test_lead_heads_its_cluster(model, assign, golden_lp):
    clusters.lead_heads_its_cluster(model, assign, LEADS)
    written, expected = golden_lp("clusters_lead_heads_its_cluster.lp", model)
    assert written == expected


def test_cluster_has_its_size(model, assign, golden_lp):
    clusters.cluster_has_its_size(model, assign, dict.fromkeys(SCHOOLS, 1), 2, 3)
    written, expected = golden_lp("clusters_cluster_has_its_size.lp", model)
    assert written == expected


def test_cluster_has_members_of(model, assign, golden_lp):
    clusters.cluster_has_members_of(model, assign, "rural", {"u1", "u2"}, 1)
    written, expected = golden_lp("clusters_cluster_has_members_of.lp", model)
    assert written == expected


def test_tight_group_stays_together(model, assign, golden_lp):
    clusters.tight_group_stays_together(model, assign, [("u1", "u2")])
    written, expected = golden_lp("clusters_tight_group_stays_together.lp", model)
    assert written == expected


def test_cluster_is_contiguous(model, assign, golden_lp):
    """u2 reaches u0 over u1 alone, and u3's cluster reaches u1 over u0 or u2."""
    cuts = [("u2", "u0", frozenset({"u1"})), ("u1", "u3", frozenset({"u0", "u2"}))]
    clusters.cluster_is_contiguous(model, assign, cuts, first=7)
    written, expected = golden_lp("clusters_cluster_is_contiguous.lp", model)
    assert written == expected


def test_rows_of_later_rounds_have_names_of_their_own(model, assign):
    cut = ("u2", "u0", frozenset({"u1"}))
    clusters.cluster_is_contiguous(model, assign, [cut], first=0)
    clusters.cluster_is_contiguous(model, assign, [cut], first=1)
    assert [row.name for row in model.constraints()] == ["contiguous_0_u2_u0", "contiguous_1_u2_u0"]


def test_cluster_covers_its_overflow(model, assign, golden_lp):
    """u0 has 60 pupils too many, u1 20 free seats; u2 is full to the last seat and does not stand in the row."""
    uncovered = {(c, "primary"): model.add_variable(f"uncovered_{c}", 0) for c in LEADS}
    overflow = {("u0", "primary"): 60, ("u1", "primary"): -20, ("u2", "primary"): 0, ("u3", "primary"): -90}
    clusters.cluster_covers_its_overflow(model, assign, uncovered, overflow)
    written, expected = golden_lp("clusters_cluster_covers_its_overflow.lp", model)
    assert written == expected


def test_balance_stays_in_the_band(model, assign, golden_lp):
    outside = {c: model.add_variable(f"outside_{c}", 0) for c in LEADS}
    above = {"u0": 90.0, "u1": -40.0, "u2": 12.5, "u3": -80.0}
    below = {"u0": -190.0, "u1": -60.0, "u2": -112.5, "u3": 20.0}
    clusters.balance_stays_in_the_band(model, assign, outside, above, below)
    written, expected = golden_lp("clusters_balance_stays_in_the_band.lp", model)
    assert written == expected


@pytest.mark.parametrize("family", clusters.FAMILIES, ids=lambda family: family.__name__)
def test_every_family_has_its_golden_file(family, request):
    path = request.path.parent.parent / "golden" / f"clusters_{family.__name__}.lp"
    assert path.is_file(), f"{family.__name__} has no golden LP file"
    assert path.read_text().startswith("\\* clusters *\\"), path


def test_families_are_all_that_the_module_exports():
    assert sorted(["FAMILIES", *(family.__name__ for family in clusters.FAMILIES)]) == clusters.__all__
