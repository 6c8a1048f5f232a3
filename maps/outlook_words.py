"""What the years say of large classes, in sentences of either language."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xuequ.maps.scene import Scene
    from xuequ.maps.texts import Texts
    from xuequ.zoning.outlook import Outlook
    from xuequ.zoning.rules import Rules

__all__ = ["large_class_note", "outlook_sentences"]


def large_class_note(rules: Rules, texts: Texts) -> str:
    """Return from how many pupils on a class is large and super-large by the rules of the case (policy.md §3)."""
    return texts("outlook.note", large=rules.large_class, super_large=rules.super_large_class)


def outlook_sentences(scene: Scene, texts: Texts, *, brief: bool = False) -> tuple[str, ...]:
    """
    Return when the last large class goes, when they are basically eliminated, and what would be without the plan.

    Of a plan for one year only what that year has is told: it says nothing of when large classes go. Where it is not to be
    ``brief`` the last sentence says what the years after the planned ones rest on.
    """
    found = scene.outlook
    if found is None:
        return ()
    years = {item.year for item in scene.plan.catchments}
    if len(years) == 1:
        return _one_year(found, years.pop(), texts)
    sentences = [_last(found, texts)]
    if found.last_year() is not None:
        sentences.append(_eliminated(found, texts))
    sentences.append(_without(found, texts))
    if found.planned_to is not None and not brief:
        sentences.append(texts("outlook.goes_on", year=texts.year(found.planned_to)))
    return tuple(sentences)


def _one_year(found: Outlook, year: int, texts: Texts) -> tuple[str, ...]:
    told = ((found.after, "outlook.year.after"), (found.before, "outlook.year.before"))
    return tuple(
        texts(key, year=texts.year(year), count=item.large, classes=item.classes, share=f"{item.share:.1%}")
        for items, key in told
        for item in items
        if item.stage is None and item.year == year
    )


def _last(found: Outlook, texts: Texts) -> str:
    last, gone = found.last_year(), found.gone_from()
    if last is None:
        return texts("outlook.never")
    if gone is None:
        count = next(item.large for item in found.after if item.stage is None and item.year == last)
        return texts("outlook.remain", year=texts.year(last), count=count)
    return texts("outlook.last", year=texts.year(last), gone=texts.year(gone))


def _eliminated(found: Outlook, texts: Texts) -> str:
    eliminated = found.eliminated_from()
    if eliminated is None:
        return texts("outlook.not_eliminated")
    return texts("outlook.eliminated", year=texts.year(eliminated), share=f"{found.share_max:.0%}")


def _without(found: Outlook, texts: Texts) -> str:
    last, gone = found.last_year(after=False), found.gone_from(after=False)
    if last is None:
        return texts("outlook.without.never")
    if gone is None:
        count = next(item.large for item in found.before if item.stage is None and item.year == last)
        return texts("outlook.without.remain", year=texts.year(last), count=count)
    eliminated = found.eliminated_from(after=False)
    assert eliminated is not None  # where no class is large none is too many
    return texts("outlook.without.last", year=texts.year(last), gone=texts.year(gone), eliminated=texts.year(eliminated))
