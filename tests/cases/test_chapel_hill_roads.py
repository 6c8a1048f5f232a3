"""Distances along the broken roads of a real district: the numbers of its facts.json, found anew."""

from __future__ import annotations

import json
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from pyproj import Geod, Transformer

from xuequ.data.network import RoadNetwork, RoadOptions, WalkOptions, report_pieces, walk_distances, walkable_roads
from xuequ.zoning.problems import Problems

pytestmark = pytest.mark.cases

PLANE = 32617


@pytest.fixture(scope="module")
def town(shared):
    folder = shared / "cases" / "chapel_hill_chccs"
    roads = gpd.read_file(folder / "roads.geojson")
    segments = gpd.read_file(folder / "segments.gpkg")
    centres = segments.geometry.centroid.to_crs(PLANE)
    schools = pd.read_csv(folder / "schools.csv").query("has_zone == 1").reset_index(drop=True)
    places = Transformer.from_crs(4326, PLANE, always_xy=True).transform(schools.lon, schools.lat)
    geod = Geod(ellps="WGS84")
    code = {name: j for j, name in enumerate(schools.elem_code)}
    return SimpleNamespace(
        facts=json.loads((folder / "facts.json").read_text(encoding="utf-8")),
        classes=roads.h.tolist(),
        lines=roads.geometry.to_crs(PLANE).to_numpy(),
        metres=np.array([geod.geometry_length(line) for line in roads.geometry]),
        blocks=np.column_stack([centres.x, centres.y]),
        schools=np.column_stack(places),
        zone=np.array([code[name] for name in segments.ELEM]),
        pupils=pd.read_csv(folder / "pupils.csv").set_index("SEGNO").loc[segments.SEGNO].pupils_est.to_numpy(),
    )


def network(town, join_ends_m=0.0, split_at="ends"):
    return RoadNetwork.from_lines(town.lines, metres=town.metres, options=RoadOptions(split_at, join_ends_m))


@pytest.mark.parametrize(("variant", "join_ends_m"), [("as_given", 0.0), ("bridged_16_m", 16.0)])
def test_the_facts_are_found_anew(town, variant, join_ends_m):
    facts = town.facts["network"][variant]
    roads = network(town, join_ends_m)
    components = roads.components()
    assert components.max() + 1 == facts["components"]
    assert np.bincount(components).max() == facts["largest_component_nodes"]
    assert roads.linked.sum() == facts.get("links_added", 0)
    distances, _ = walk_distances(town.blocks, town.schools, roads, WalkOptions(snap="node", least_piece=1.0))
    matrix = distances.to_matrix()
    today = matrix[np.arange(len(matrix)), town.zone]
    assert np.average(today, weights=town.pupils) == pytest.approx(facts["existing_zone_mean_m_pupil_weighted"], abs=0.1)
    assert today.mean() == pytest.approx(facts["existing_zone_mean_m_unweighted"], abs=0.1)
    assert today.max() == pytest.approx(facts["existing_zone_max_m"], abs=0.2)
    nearest = np.average(matrix.min(axis=1), weights=town.pupils)
    assert nearest == pytest.approx(facts["nearest_zoned_school_mean_m_pupil_weighted"], abs=0.1)
    assert (matrix.argmin(axis=1) == town.zone).sum() == facts["segments_whose_zone_school_is_nearest"]


def test_the_network_has_the_edges_and_nodes_of_its_facts(town):
    roads = network(town)
    assert len(roads) == town.facts["road_nodes"]
    assert len(roads.edges) == town.facts["road_edges"]
    assert (roads.edges[:, 0] == roads.edges[:, 1]).sum() == town.facts["road_loops"]
    assert roads.graph().nnz // 2 == town.facts["network"]["unique_undirected_edges_without_loops"]
    assert roads.metres.sum() / 1000 == pytest.approx(town.facts["road_length_km"], abs=0.1)


def test_a_user_is_told_that_the_network_is_broken(town):
    problems = Problems()
    report_pieces(network(town), problems)
    (warning,) = problems.warnings
    assert "228 pieces" in warning.message
    assert "15 m leaves 4, 20 m leaves 2" in warning.fix


def test_what_the_defaults_measure(town):
    walked = walkable_roads(town.classes)
    assert (~walked).sum() == sum(town.facts["road_classes"][name] for name in ("motorway", "motorway_link", "busway"))
    roads = RoadNetwork.from_lines(town.lines, walked, options=RoadOptions(join_ends_m=16.0))
    matrix = walk_distances(town.blocks, town.schools, roads)[0].to_matrix()
    assert np.isfinite(matrix).all()
    straight = np.hypot(*(town.blocks[:, None] - town.schools[None]).transpose(2, 0, 1))
    assert (matrix >= straight - 1e-6).all()
    today = np.average(matrix[np.arange(len(matrix)), town.zone], weights=town.pupils)
    by_node = town.facts["network"]["bridged_16_m"]["existing_zone_mean_m_pupil_weighted"]
    assert 0.97 * by_node < today < by_node  # an edge is nearer than its ends
