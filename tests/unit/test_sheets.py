"""The atlas: its pages, its words, its font, its bytes."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from pypdf import PdfReader
from showpiece import town, town_plan

from xuequ.maps.sheets import atlas
from xuequ.zoning.stage import Stage

DISTRICT = town(years=(2027, 2028))
PLAN = town_plan(DISTRICT)
ONE_PAGE = PLAN.replace(catchments=PLAN.catchments[:1])


@pytest.fixture(scope="module")
def book():
    return atlas(DISTRICT, PLAN)


@pytest.fixture(scope="module")
def pages(book):
    return list(PdfReader(io.BytesIO(book.pdf())).pages)


@pytest.fixture(scope="module")
def words(pages):
    return [page.extract_text() for page in pages]


def test_a_page_for_each_stage_and_year_then_one_for_each_school(words):
    assert len(words) == 3 * 2 + 5
    for text, (stage, year) in zip(words, [(s, y) for s in ("幼儿园", "小学", "初中") for y in (2027, 2028)], strict=False):
        assert f"示例区 · {stage} · {year}学年" in text
    for text, school in zip(words[6:], ("s0", "s1", "s2", "s3", "s4"), strict=True):
        assert f"\n{school} · " in text


def test_every_page_is_labelled_and_names_its_plan(words):
    for text in words:
        assert "合成数据 synthetic" in text
        assert PLAN.fingerprint[:12] in text
        assert "CC0-1.0" in text
        assert "北" in text


def test_real_data_bears_no_badge():
    real = DISTRICT.replace(synthetic=False, data_licence="")
    (page, *_) = PdfReader(io.BytesIO(atlas(real, ONE_PAGE).pdf())).pages
    assert "synthetic" not in page.extract_text()


def test_overviews_show_the_figures_the_outlook_and_the_legend(book, words):
    layer, text = book.scene.layers[3], words[3]
    assert (layer.stage, layer.year) == (Stage.PRIMARY, 2028)
    assert f"{sum(load.pupils for load in layer.loads):,}" in text
    assert "大班额逐年变化" in text
    assert "红色预警" in text
    assert "新城学校" in text


def test_a_school_sheet_has_its_years_its_grades_and_its_ways(book, words):
    text = words[6]
    for layer in book.scene.layers:
        for load in layer.loads:
            if load.school == 0:
                assert f"{load.pupils:,}" in text
    for word in ("一年级 2028", "九年级 2028", "平均上学距离", "学区：富民学区"):
        assert word in text


def test_the_shipped_font_is_embedded(pages):
    fonts = [font.get_object() for font in pages[0]["/Resources"]["/Font"].values()]
    names = [font["/BaseFont"] for font in fonts]
    assert any("NotoSansSC" in name for name in names)
    for font in fonts:
        inner = font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font
        assert "/FontFile2" in inner["/FontDescriptor"].get_object()


def test_the_same_plan_gives_the_same_bytes():
    first, again = (atlas(DISTRICT.replace(), ONE_PAGE).pdf() for _ in range(2))
    assert first == again
    assert b"CreationDate" not in first


def test_a_picture_of_any_stage_and_year(book, tmp_path):
    path = book.save(tmp_path / "deep" / "junior.png", stage=Stage.JUNIOR, year=2027)
    picture = Image.open(path)
    assert picture.size == (1753, 1240)
    assert book.png(stage=Stage.JUNIOR, year=2028) != path.read_bytes()


def test_the_picture_without_a_choice_is_primary_in_its_last_year(book):
    assert book.png(dpi=40) == book.png(stage=Stage.PRIMARY, year=2028, dpi=40)


def test_what_is_not_there_cannot_be_drawn(book, tmp_path):
    with pytest.raises(ValueError, match="primary in 2099"):
        book.png(stage=Stage.PRIMARY, year=2099)
    with pytest.raises(ValueError, match=r"\.pdf or \.png"):
        book.save(tmp_path / "atlas.docx")
    with pytest.raises(ValueError, match="no junior to draw"):
        atlas(DISTRICT, PLAN.replace(catchments=())).png(stage=Stage.JUNIOR)


def test_kindergartens_have_sheets_only_when_asked_for():
    only = PLAN.replace(
        catchments=tuple(item for item in PLAN.catchments if item.stage is Stage.KINDERGARTEN and item.year == 2027)
    )
    assert len(list(atlas(DISTRICT, only).figures())) == 1
    assert len(list(atlas(DISTRICT, only, kindergartens=True).figures())) == 1 + 4


def test_in_english():
    text = PdfReader(io.BytesIO(atlas(DISTRICT, ONE_PAGE, lang="en").pdf())).pages[0].extract_text()
    assert "Kindergarten · 2027/28" in text
    assert "Large classes by year" in text
    with pytest.raises(ValueError, match="'fr'"):
        atlas(DISTRICT, PLAN, lang="fr")


def test_an_overview_of_a_large_tall_district_shows_its_town_beside_it():
    from districts import grid_district

    from xuequ.maps.scene import scene
    from xuequ.maps.sheets import overview_page
    from xuequ.zoning.catchments import Catchments
    from xuequ.zoning.places import Setting

    tall = grid_district(10, 16, (33, 126), pupils=12)
    blocks = tall.blocks
    settings = tuple(Setting.URBAN if 2 <= c <= 4 and 3 <= r <= 5 else Setting.RURAL for r in range(16) for c in range(10))
    tall = tall.replace(blocks=type(blocks)(blocks.ids, blocks.points, settings=settings, geometry=blocks.geometry))
    today = tall.today[Stage.PRIMARY]
    plan = PLAN.replace(seats=None, clusters=None, catchments=(Catchments(Stage.PRIMARY, 2026, today.zones, today.zone),))
    west, south, east, north = scene(tall, plan).core()
    assert (400 < west < 500, 600 < south < 700, 900 < east < 1000, 1100 < north < 1200) == (True,) * 4
    book = atlas(tall, plan)
    maps = [
        axes for axes in overview_page(book, book.scene.layers[0]).axes if axes.get_facecolor() != (1, 1, 1, 1) and axes.axison
    ]
    spans = sorted(axes.get_xlim()[1] - axes.get_xlim()[0] for axes in maps)
    assert len(spans) == 2
    assert spans[0] < spans[1] / 2


def test_a_district_that_is_all_town_has_no_town_to_enlarge(book):
    assert book.scene.core() is None


@pytest.mark.filterwarnings("error")
def test_a_character_that_the_font_lacks_is_no_fault():
    rare = DISTRICT.replace(name="\U00020000区")
    assert atlas(rare, ONE_PAGE).png(dpi=40).startswith(b"\x89PNG")
