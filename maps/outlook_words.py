"""What the years say of large classes, in sentences of either language."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xuequ.maps.scene import Scene
    from xuequ.maps.texts import Texts

__all__ = ["outlook_sentences"]


def outlook_sentences(scene: Scene, texts: Texts) -> tuple[str, ...]:
    """Return when the last large class goes, when they are basically eliminated, and what would be without the plan."""
    found = scene.outlook
    if found is None:
        return ()
    sentences = []
    last, gone = found.last_year(), found.gone_from()
    if last is None:
        sentences.append(texts("outlook.never"))
    elif gone is None:
        count = next(item.large for item in found.after if item.stage is None and item.year == last)
        sentences.append(texts("outlook.remain", year=texts.year(last), count=count))
    else:
        sentences.append(texts("outlook.last", year=texts.year(last)))
    eliminated = found.eliminated_from()
    if eliminated is None:
        sentences.append(texts("outlook.not_eliminated"))
    else:
        sentences.append(texts("outlook.eliminated", year=texts.year(eliminated), share=f"{found.share_max:.0%}"))
    end = [item for item in found.before if item.stage is None]
    if end:
        sentences.append(texts("outlook.without", year=texts.year(end[-1].year), count=end[-1].large))
    return tuple(sentences)
