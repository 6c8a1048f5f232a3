"""Districts and names that nobody hopes for, on paper, page and map: nothing breaks, nothing runs, nothing is lost."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from districts import grid_district
from page_reading import payload_of, read_page
from pypdf import PdfReader
from showpiece import town, town_plan

from xuequ.maps.comparison import compare
from xuequ.maps.html_map import interactive
from xuequ.maps.inlining import outside_links
from xuequ.maps.reporting import report
from xuequ.maps.sheets import atlas
from xuequ.zoning.catchments import Catchments
from xuequ.zoning.demand import Demand
from xuequ.zoning.places import Blocks, Schools
from xuequ.zoning.plan import Plan, PlanKind, Status
from xuequ.zoning.stage import Programme, Stage

HOSTILE = (
    "<script>alert(1)</script>", "</script><img src=x onerror=alert(1)>", "\"'><b>&amp;", "{{ 7*7 }} {% raw %}", "$\\frac{1}{$",
    "学" * 120, "a" * 300, "👩🏽‍🏫 😀 school", "مدرسة النور", "\u202eevil\u202c", "\u0000x\u0007", "Ecole n° 1\nline", "   ",
    "%s%(x)s{0}",
)  # fmt: skip


def named(name):
    """The town with a name in every place that bears one, and a plan for it in one year of one stage."""
    base = town(years=(2027, 2028))
    schools, blocks = base.schools, base.blocks
    count = len(blocks)
    changed = {
        "name": name, "data_licence": name,
        "schools": Schools(
            schools.ids, schools.points, schools.rooms, schools.block, names=(name,) * len(schools), lead=schools.lead,
            opened=schools.opened, invented=schools.invented,
        ),
        "blocks": Blocks(
            blocks.ids, blocks.points, names=(name,) * count, communities=(name,) * count, geometry=blocks.geometry
        ),
    }  # fmt: skip
    district = base.replace(**changed)
    plan = town_plan(district)
    clusters = plan.clusters
    return district, plan.replace(
        catchments=tuple(item for item in plan.catchments if item.stage is Stage.PRIMARY)[-1:],
        clusters=type(clusters)(clusters.members, tuple((lead, name) for lead, _ in clusters.names)),
    )


PLAIN_TAGS = [item.tag for item in read_page(interactive(*named("plain")).html).elements]


@pytest.fixture(scope="module", params=HOSTILE, ids=range(len(HOSTILE)))
def odd(request):
    return request.param, *named(request.param)


def test_any_name_stands_on_the_map_as_data(odd):
    name, district, plan = odd
    html = interactive(district, plan).html
    data = payload_of(html)
    assert data["name"] == name
    assert set(data["blocks"]["names"]) == {name}
    assert data["schools"]["names"][0].rstrip("※") == name
    assert [item.tag for item in read_page(html).elements] == PLAIN_TAGS
    assert outside_links(html) == ()


def test_any_name_is_drawn_on_paper(odd):
    _, district, plan = odd
    assert atlas(district, plan).png(dpi=30).startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ["$x^2$ & $y$ <b>{{ 7*7 }}</b>", "  "])
def test_a_name_stands_on_paper_as_it_is_written(name):
    pages = PdfReader(io.BytesIO(atlas(*named(name)).pdf())).pages
    assert len(pages) == 6
    text = pages[0].extract_text() + pages[1].extract_text()
    assert "图例" in text
    for part in name.split():
        assert text.count(part) >= 2


@pytest.mark.filterwarnings("error")
def test_any_name_is_text_in_report_and_comparison(odd):
    name, district, plan = odd
    other = plan.replace(seats=None)
    for html in (report(district, plan, pictures=False).html, compare(district, [plan, other], [name or "x", "other"]).html()):
        page = read_page(html)
        assert page.all("script") == []
        assert page.all("img", src="x") == []
        assert page.all("b") == []
        assert outside_links(html) == ()
        assert "49" not in page.one("h1").text or "49" in name


def primary_plan(district, **changes):
    """Today's catchments in each planned year, primary only."""
    today = district.today[Stage.PRIMARY]
    catchments = tuple(Catchments(Stage.PRIMARY, year, today.zones, today.zone) for year in district.years)
    return Plan(PlanKind.ZONE, Status.FEASIBLE, district.fingerprint, "phase_in", catchments=catchments, **changes)


def everything(district, plan, lang="zh"):
    """Every door: map, atlas, report, comparison."""
    other = plan.replace(seed=2)
    return (
        payload_of(interactive(district, plan, lang=lang).html), PdfReader(io.BytesIO(atlas(district, plan, lang=lang).pdf())),
        read_page(report(district, plan, lang=lang, pictures=False).html),
        read_page(compare(district, [plan, other], lang=lang).html()),
    )  # fmt: skip


def test_one_school_for_all():
    district = grid_district(3, 3, (4,), years=(2026,), stages=(Stage.PRIMARY,), rooms=3)
    data, book, page, side = everything(district, primary_plan(district))
    assert data["zones"]["primary"]["members"] == [[0]]
    assert set(data["layers"]["primary|2026"]["zone"]) == {0}
    assert len(data["zones"]["primary"]["colours"]) == 1
    assert len(book.pages) == 2
    assert "School 0" in book.pages[1].extract_text()
    assert page.one("h1").text
    assert "没有差别。" in " ".join(item.text for item in side.all("p"))


@pytest.mark.filterwarnings("error")
def test_one_block_one_school():
    district = grid_district(1, 1, (0,), years=(2026,), stages=(Stage.PRIMARY,))
    data, book, _, _ = everything(district, primary_plan(district))
    assert data["layers"]["primary|2026"]["metres"] == [0]
    assert len(book.pages) == 2


def test_no_plan_at_all():
    district = grid_district(3, 3, (4,), years=(2026,))
    plan = Plan(PlanKind.PLAN, Status.INFEASIBLE, district.fingerprint, "phase_in")
    for lang, told in (("zh", "本方案没有招生片区。"), ("en", "This plan has no catchments.")):
        data, book, page, side = everything(district, plan, lang)
        assert data["layers"] == {}
        assert [told in sheet.extract_text() for sheet in book.pages] == [True]
        assert page.one("h1").text
        assert side.one("h1").text
    assert atlas(district, plan).png(dpi=30).startswith(b"\x89PNG")
    with pytest.raises(ValueError, match="no primary"):
        atlas(district, plan).png(stage=Stage.PRIMARY)


def test_blocks_that_are_given_to_no_school_are_pale_and_warned_of():
    district = grid_district(4, 4, (0,), years=(2026,), stages=(Stage.PRIMARY,))
    today = district.today[Stage.PRIMARY]
    zone = today.zone.copy()
    zone[[5, 6, 7]] = -1
    plan = primary_plan(district).replace(catchments=(Catchments(Stage.PRIMARY, 2026, today.zones, zone),))
    data, book, page, _ = everything(district, plan)
    layer = data["layers"]["primary|2026"]
    assert [block for block, at in enumerate(layer["zone"]) if at == -1] == [5, 6, 7]
    assert [layer["metres"][block] for block in (5, 6, 7)] == [-1, -1, -1]
    assert data["noCatchment"] not in data["zones"]["primary"]["colours"]
    assert "小学2026学年：有3个地块未划入任何学校。" in [item.text for item in page.all("li")]
    assert len(book.pages) == 2


def test_blocks_without_shapes_are_dots_everywhere():
    base = town(years=(2027, 2028))
    blocks = base.blocks
    district = base.replace(blocks=Blocks(blocks.ids, blocks.points))
    plan = town_plan(district)
    plan = plan.replace(catchments=plan.catchments[-1:])
    data = payload_of(interactive(district, plan).html)
    assert data["blocks"]["shapes"] is None
    assert len(data["blocks"]["pairs"]) == len(district.adjacency.pairs())
    pairs = np.array(data["blocks"]["pairs"])
    zone = np.array(data["layers"]["junior|2028"]["zone"])
    colours = np.array(data["zones"]["junior"]["colours"])
    apart = zone[pairs[:, 0]] != zone[pairs[:, 1]]
    assert (colours[zone[pairs[apart, 0]]] != colours[zone[pairs[apart, 1]]]).all()
    assert len(PdfReader(io.BytesIO(atlas(district, plan).pdf())).pages) == 6
    assert atlas(district, plan).png(dpi=40) != atlas(base, plan).png(dpi=40)
    (difference,) = compare(district, [plan, town_plan(district, opened=2099)]).to_json()["differences"]
    assert difference["blocks"] > 0


def test_some_blocks_without_shapes():
    base = town(years=(2027,))
    shapes = base.blocks.geometry.copy()
    shapes[[3, 50]] = None
    district = base.replace(blocks=Blocks(base.blocks.ids, base.blocks.points, geometry=shapes))
    plan = town_plan(district)
    data = payload_of(interactive(district, plan).html)
    assert [place for place, shape in enumerate(data["blocks"]["shapes"]) if not shape] == [3, 50]
    assert atlas(district, plan).png(dpi=40).startswith(b"\x89PNG")


def test_pupils_known_by_stage_only():
    base = grid_district(3, 3, (4,), years=(2026,), stages=(Stage.PRIMARY,), rooms=3)
    demand = base.demand
    district = base.replace(demand=Demand(demand.years, demand.pupils, graded=False, method="as given"))
    plan = primary_plan(district).replace(regime="full")
    data, book, page, _ = everything(district, plan)
    assert data["outlook"] is None
    assert "生源：按所给数据" in " ".join(item.text for item in page.all("p")) + " ".join(item.text for item in page.all("li"))
    assert len(book.pages) == 2


def test_no_child_anywhere():
    district = grid_district(3, 3, (4,), pupils=0, years=(2026,), stages=(Stage.PRIMARY,), rooms=3)
    data, book, _, _ = everything(district, primary_plan(district))
    assert set(data["layers"]["primary|2026"]["children"]) == {0}
    assert data["layers"]["primary|2026"]["figures"] == {"mean": None, "tooFar": 0, "moved": 0}
    assert "–" in book.pages[0].extract_text()


def test_thirty_schools_have_thirty_sheets_and_no_neighbour_of_the_same_colour():
    district = grid_district(6, 5, tuple(range(30)), years=(2026,), stages=(Stage.PRIMARY,), rooms=1)
    plan = primary_plan(district)
    data = payload_of(interactive(district, plan).html)
    colours, zone = np.array(data["zones"]["primary"]["colours"]), np.array(data["layers"]["primary|2026"]["zone"])
    pairs = district.adjacency.pairs()
    assert (colours[zone[pairs[:, 0]]] != colours[zone[pairs[:, 1]]]).all()
    assert sum(1 for _ in atlas(district, plan).figures()) == 31


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_money_and_land_of_both_programmes_are_told(lang):
    district = town(years=(2027, 2028))
    page = read_page(report(district, town_plan(district), lang=lang, pictures=False).html)
    text = " ".join(item.text for item in page.all("td"))
    spent = sum(site.cost_fixed_wan for site in district.sites if site.id == "s4")
    assert f"{spent:,}" in text
    assert {site.programme for site in district.sites} == {Programme.SCHOOL}
    assert re.search("中小学" if lang == "zh" else "Schools", " ".join(item.text for item in page.all("th")))
