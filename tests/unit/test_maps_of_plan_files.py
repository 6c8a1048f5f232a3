"""What maps, atlas, report and comparison say is what stands in the files of the plan."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict

import numpy as np
import pytest
from page_reading import payload_of, read_page
from pypdf import PdfReader
from showpiece import town, town_plan

from xuequ.data.plans import write_plan
from xuequ.maps.comparison import compare
from xuequ.maps.html_map import interactive
from xuequ.maps.reporting import report
from xuequ.maps.sheets import atlas
from xuequ.maps.texts import texts
from xuequ.zoning.stage import Stage
from xuequ.zoning.stating import state

DISTRICT = town(years=(2027, 2028))
PLAN = town_plan(DISTRICT)
STAGES = {str(stage): texts("zh").word("stage", stage) for stage in Stage}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = write_plan(tmp_path_factory.mktemp("plan") / "plan", DISTRICT, state(DISTRICT, PLAN))

    def read(name):
        with (folder / name).open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))

    return {name: read(f"{name}.csv") for name in ("assignment", "schools", "seats", "clusters")}


@pytest.fixture(scope="module")
def data():
    return payload_of(interactive(DISTRICT, PLAN).html)


@pytest.fixture(scope="module")
def page():
    return read_page(report(DISTRICT, PLAN, pictures=False).html)


@pytest.fixture(scope="module")
def paper():
    return [page.extract_text() for page in PdfReader(io.BytesIO(atlas(DISTRICT, PLAN).pdf())).pages]


@pytest.fixture(scope="module")
def sums(files):
    """Pupils, classes, large and super-large of each school by stage and year, and its line that stands for the whole."""
    found = defaultdict(lambda: {"pupils": 0, "classes": 0, "large": 0, "super_large": 0, "largest_class": 0})
    for row in files["schools"]:
        mine = found[row["stage"], int(row["year"]), row["school_id"]]
        for column in ("pupils", "classes", "large", "super_large"):
            mine[column] += int(row[column])
        mine["largest_class"] = max(mine["largest_class"], int(row["largest_class"]))
        mine |= {"planned": int(row["planned"]), "alert": row["alert"], "utilisation": row["utilisation"]}
    return found


def number(text):
    return f"{int(text):,}"


def test_what_a_block_is_told_is_its_line_of_the_assignment(data, files):
    """School, way, reason and today's school, for each of all lines."""
    block = {name: place for place, name in enumerate(data["blocks"]["ids"])}
    reason = texts("zh")
    assert len(files["assignment"]) == sum(len(layer["zone"]) for layer in data["layers"].values())
    for row in files["assignment"]:
        layer = data["layers"][f"{row['stage']}|{row['year']}"]
        zones, at = data["zones"][row["stage"]], block[row["block_id"]]
        members = zones["members"][layer["zone"][at]]
        assert ";".join(data["schools"]["ids"][school] for school in members) == row["school_id"]
        assert abs(layer["metres"][at] - float(row["distance_m"])) <= 0.55
        assert layer["reasons"][layer["reason"][at]] == reason.word("reason", row["reason"])
        before = zones["members"][zones["today"][at]]
        assert ";".join(data["schools"]["ids"][school] for school in before) == row["previous_school_id"]


def test_blocks_marked_as_moved_are_those_whose_school_is_another(data, files):
    moved = defaultdict(set)
    for row in files["assignment"]:
        if row["school_id"] != row["previous_school_id"]:
            moved[f"{row['stage']}|{row['year']}"].add(row["block_id"])
    for key, layer in data["layers"].items():
        assert {data["blocks"]["ids"][block] for block in layer["moved"]} == moved[key]
    assert any(moved.values())


def test_what_a_school_is_told_is_the_sum_of_its_lines(data, sums):
    seen = set()
    for key, layer in data["layers"].items():
        stage, year = key.split("|")
        for school, pupils, planned, alert, classes, largest, large, super_large in layer["loads"]:
            mine = sums[stage, int(year), data["schools"]["ids"][school]]
            seen.add((stage, int(year), data["schools"]["ids"][school]))
            assert (pupils, classes, large, super_large) == tuple(
                mine[name] for name in ("pupils", "classes", "large", "super_large")
            )
            assert (planned, alert, largest) == (mine["planned"], mine["alert"], mine["largest_class"])
    assert seen == set(sums)


def test_large_classes_of_the_panel_are_those_of_the_schools(data, sums):
    for row_year, stage, large, super_large, classes in data["outlook"]["after"]:
        mine = [
            item for (one, year, _), item in sums.items()
            if year == row_year and (one == stage or (stage == "all" and one != "kindergarten"))
        ]  # fmt: skip
        if row_year in DISTRICT.years:
            assert (large, super_large, classes) == tuple(
                sum(item[name] for item in mine) for name in ("large", "super_large", "classes")
            )
    assert {row[0] for row in data["outlook"]["after"]} >= set(DISTRICT.years)


def test_sites_are_told_as_they_stand_in_the_seats(data, files):
    by_site = defaultdict(list)
    for row in files["seats"]:
        by_site[row["site_id"]].append(row)
    assert {site["id"] for site in data["sites"]} == set(by_site)
    for site in data["sites"]:
        rows = by_site[site["id"]]
        assert site["rooms"] == sum(int(row["classrooms"]) for row in rows)
        assert site["seats"] == sum(int(row["seats"]) for row in rows)
        assert site["cost"] == sum(int(row["cost"]) for row in rows)
        assert {row["reason"] for row in rows} == {site["reason"]}
        years = [int(row["year"]) for row in rows if row["year"]]
        assert site["year"] == (min(years) if years else None)


def test_clusters_are_those_of_the_file(data, files):
    of_school = {row["school_id"]: row["cluster"] for row in files["clusters"]}
    by_number = defaultdict(set)
    for school, number_of in zip(data["schools"]["ids"], data["schools"]["cluster"], strict=True):
        by_number[number_of].add(of_school.get(school))
    assert all(len(names) == 1 for names in by_number.values())
    assert len({number_of for number_of in by_number if number_of >= 0}) == len(data["clusters"]) == 2


def test_the_report_s_schools_are_those_of_the_last_year(page, sums):
    cells = [item.text.strip() for item in page.all("td")] + [item.text.strip() for item in page.all("th")]
    last = [item for (_, year, _), item in sums.items() if year == DISTRICT.years[-1]]
    for item in last:
        assert number(item["pupils"]) in cells
        assert number(item["planned"]) in cells
        assert f"{float(item['utilisation']):.0%}" in cells


def test_a_school_s_sheet_has_each_of_its_lines(paper, sums, files):
    sheets = {re.search(r"\n(s\d) · ", text)[1]: text.split() for text in paper if re.search(r"\n(s\d) · ", text)}
    assert set(sheets) == {school for _, _, school in sums}
    for (_, _, school), item in sums.items():
        for column in ("pupils", "planned", "classes", "large", "largest_class"):
            assert number(item[column]) in sheets[school]
        assert f"{float(item['utilisation']):.0%}" in sheets[school]
    for row in files["schools"]:
        if int(row["year"]) == DISTRICT.years[-1]:
            assert number(row["pupils"]) in sheets[row["school_id"]]


def test_an_overview_has_the_sums_of_its_year(paper, sums):
    pages = [(stage, year) for stage in Stage for year in DISTRICT.years]
    for (stage, year), text in zip(pages, paper, strict=False):
        mine = [item for (one, when, _), item in sums.items() if (one, when) == (stage, year)]
        assert f"{sum(item['pupils'] for item in mine):,}" in text.split()
        assert f"{sum(item['planned'] for item in mine):,}" in text.split()
        if stage is not Stage.KINDERGARTEN:
            assert f"{sum(item['large'] for item in mine):,} / {sum(item['classes'] for item in mine):,}" in text


def test_the_mean_way_on_paper_is_that_of_the_children_placed(paper, files):
    """Of the entry grade only: catchments are for those who enter (policy.md §9)."""
    pages = [(stage, year) for stage in Stage for year in DISTRICT.years]
    for (stage, year), text in zip(pages, paper, strict=False):
        ways = np.array(
            [float(row["distance_m"]) for row in files["assignment"] if (row["stage"], int(row["year"])) == (stage, year)]
        )
        entrants = DISTRICT.demand.by_grade(year)[stage.grade_slice][0]
        assert f"{entrants @ ways / entrants.sum():,.0f} 米" in text


@pytest.mark.parametrize("opened", [2028, 2099])
def test_a_comparison_counts_the_blocks_that_differ_in_the_files(opened):
    other = town_plan(DISTRICT, opened=opened)
    rows = [
        {(row.block_id, row.stage, row.year): row.school_id for row in state(DISTRICT, plan).assignment} for plan in (PLAN, other)
    ]
    found = compare(DISTRICT, [PLAN, other], ["A", "B"]).to_json()
    for item in found["differences"]:
        expected = [
            block for (block, stage, year), school in rows[0].items()
            if (stage, year) == (item["stage"], item["year"]) and rows[1][block, stage, year] != school
        ]  # fmt: skip
        assert item["block_ids"] == expected
        index = [DISTRICT.block_index()[block] for block in expected]
        assert item["pupils"] == int(DISTRICT.demand.of_stage(Stage(item["stage"]), item["year"])[index].sum())
    assert any(item["blocks"] for item in found["differences"]) is (opened == 2099)


def test_schools_that_differ_have_the_pupils_of_either_file():
    other = town_plan(DISTRICT, opened=2099)
    sides = []
    for plan in (PLAN, other):
        counts = defaultdict(int)
        for row in state(DISTRICT, plan).schools:
            counts[row.school_id, row.stage, row.year] += row.pupils
        sides.append(counts)
    found = {
        (item["school_id"], item["stage"], item["year"]): item["pupils"]
        for item in compare(DISTRICT, [PLAN, other]).to_json()["schools"]
    }
    changed = {key for key in sides[0] | sides[1] if sides[0].get(key) != sides[1].get(key)}
    assert changed <= set(found)
    for key, pupils in found.items():
        assert pupils == [side.get(key) for side in sides]


ENGLISH = re.compile(r"[A-Za-z]{4,}")
KNOWN = {"synthetic", "Software"}
"""The badge says it in both languages (policy.md: synthetic data are labelled)."""


def words_of(text):
    return set(ENGLISH.findall(text)) - KNOWN


def test_no_english_stands_on_chinese_paper(paper):
    for text in paper:
        assert words_of(text) == set()


def test_no_english_stands_in_a_chinese_report(page):
    style = {item.text for item in page.all("style")}
    for tag in ("p", "td", "th", "li", "h1", "h2", "figcaption", "caption", "a", "title", "dt", "dd", "span", "text"):
        for item in page.all(tag):
            assert item.text in style or words_of(item.text) == set(), item.text


def test_no_english_stands_in_a_chinese_comparison():
    page = read_page(compare(DISTRICT, [PLAN, town_plan(DISTRICT, opened=2099)], ["甲", "乙"]).html())
    for tag in ("p", "td", "th", "li", "h1", "h2", "figcaption", "title"):
        for item in page.all(tag):
            assert words_of(item.text) == set(), item.text


def test_no_english_is_told_by_the_chinese_map(data):
    told = [data["name"], *data["source"], *data["outlookText"], *data["yearNames"].values(), *data["texts"].values()]
    told += [text for layer in data["layers"].values() for text in layer["reasons"]]
    told += [site[key] for site in data["sites"] for key in ("name", "action", "programme", "at", "reason")]
    told += [alert["text"] for alert in data["alerts"]] + [stage["name"] for stage in data["stages"]]
    for text in told:
        assert {word for word in words_of(text) if "{" not in text} == set(), text


def test_no_chinese_is_told_by_the_english_map():
    english = payload_of(interactive(DISTRICT, PLAN, lang="en").html)
    told = [*english["source"], *english["outlookText"], *english["yearNames"].values()]
    told += [text for key, text in english["texts"].items() if not key.startswith("synthetic")]
    told += [text for layer in english["layers"].values() for text in layer["reasons"]]
    told += [alert["text"] for alert in english["alerts"]] + [stage["name"] for stage in english["stages"]]
    for text in told:
        assert re.findall(r"[\u4e00-\u9fff]", text) == [], text
