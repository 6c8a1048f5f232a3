"""Files as offices write them, put into a whole case instead of its own."""

from __future__ import annotations

import zipfile

import geopandas as gpd
import openpyxl
from case_folders import CRS, EAST, NORTH, whole_case

from xuequ.data.case import check_case

HEAD = ["id", "name", "x", "y", "stages", "classrooms"]
ROWS = [["A", "富民小学", EAST + 150, NORTH + 150, "primary", 9], ["B", "大东路小学", EAST + 1050, NORTH + 750, "primary", 9]]


def checked(folder, case=None, **files):
    """Write a case with files instead of its own, given as name of the table = file or (file, keys); return the report."""
    case = case or whole_case()
    for name, file in files.items():
        file, keys = (file, "") if isinstance(file, str) else file  # noqa: PLW2901
        case.sections[f"tables.{name}"] = f'file = "{file}"\n{keys}'
    return check_case(case.write(folder))


def told(report, table):
    return [item.message for item in report.problems if item.table == table]


def frame(case=None):
    return gpd.GeoDataFrame.from_features((case or whole_case()).blocks, crs=CRS)


def workbook(path, rows, change=None):
    path.parent.mkdir(exist_ok=True)
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    if change:
        change(book)
    book.save(path)


def open_document(path, rows):
    """Write a sheet as OpenDocument, no more of it than a reader needs."""
    cells = "".join(
        f"<table:table-row>{''.join(map(open_cell, row))}</table:table-row>" for row in rows
    )  # fmt: skip
    spaces = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text"))
    table = f'<table:table table:name="学校">{cells}</table:table>'
    body = f"<office:body><office:spreadsheet>{table}</office:spreadsheet></office:body>"
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        package.writestr("META-INF/manifest.xml", "<manifest/>")
        package.writestr("content.xml", f"<office:document-content {spaces}>{body}</office:document-content>")


def open_cell(value):
    number = f'office:value-type="float" office:value="{value}"'
    kind = 'office:value-type="string"' if isinstance(value, str) else number
    return f"<table:table-cell {kind}><text:p>{value}</text:p></table:table-cell>"
