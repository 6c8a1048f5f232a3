"""HTML as a reader's program sees it: elements with attributes and text."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "img", "br", "input", "hr"}


@dataclass
class Found:
    """An element, its attributes and the text in it, children's text included."""

    tag: str
    attributes: dict[str, str]
    text: str = ""
    open: bool = True


@dataclass
class PageReader(HTMLParser):
    """Collects every element of a page in order."""

    elements: list[Found] = field(default_factory=list)

    def __post_init__(self) -> None:
        HTMLParser.__init__(self, convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.elements.append(Found(tag, {key: value or "" for key, value in attrs}, open=tag not in VOID))

    def handle_endtag(self, tag: str) -> None:
        for element in reversed(self.elements):
            if element.tag == tag and element.open:
                element.open = False
                return

    def handle_data(self, data: str) -> None:
        for element in self.elements:
            if element.open:
                element.text += data

    def all(self, tag: str, **attributes: str) -> list[Found]:
        wanted = {key.rstrip("_"): value for key, value in attributes.items()}
        return [item for item in self.elements if item.tag == tag and wanted.items() <= item.attributes.items()]

    def one(self, tag: str, **attributes: str) -> Found:
        (only,) = self.all(tag, **attributes)
        return only


def read_page(html: str) -> PageReader:
    reader = PageReader()
    reader.feed(html)
    reader.close()
    return reader


def payload_of(html: str) -> dict:
    """The data of an interactive map."""
    return json.loads(read_page(html).one("script", id="xuequ-data").text)
