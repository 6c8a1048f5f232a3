"""Cohort survival once more, in plain numbers: what the forecast must come to, community by community."""

from __future__ import annotations

import math
from collections import defaultdict

from xuequ.zoning.stage import GRADES, Grade, Stage

K1, G1 = GRADES.index(Grade.K1), GRADES.index(Grade.G1)


def ratios_by_hand(known, options):
    """Pupils of a grade to those whom they come from, past years weighed and drawn towards the prior by so many pupils."""
    rolls = {}
    if known.enrolment is not None:
        rolls = {year: list(known.enrolment.of(year)) for year in known.enrolment.years if year <= known.school_year}
    today = [float(row.sum()) for row in known.pupils]
    told = [any(today[stage.grade_slice]) for stage in Stage for _ in stage.grades]
    now = rolls.get(known.school_year, [math.nan] * len(GRADES))
    rolls[known.school_year] = [
        (mine if said else math.nan) if math.isnan(there) else there for there, mine, said in zip(now, today, told, strict=True)
    ]
    result = {}
    for g in range(len(GRADES)):
        from_births = g in {K1, G1} and known.births is not None
        prior = 1 - known.rules.private_share if from_births else 1.0
        seen = []
        for year, pupils in rolls.items():
            source = born_of(known, g, year) if from_births else (rolls[year - 1][g - 1] if g and year - 1 in rolls else math.nan)
            if source is not None and not math.isnan(source) and not math.isnan(pupils[g]):
                seen.append((options.recent ** (known.school_year - year), pupils[g], source))
        if from_births and not seen and not math.isnan(rolls[known.school_year][g]):
            later = (born_of(known, g, known.school_year + step) for step in range(1, age_of(known, g) + 2))
            seen = [(1.0, rolls[known.school_year][g], next(born for born in later if born is not None))]
        above = sum(w * p for w, p, _ in seen) + options.shrink_pupils * prior
        below = sum(w * s for w, _, s in seen) + options.shrink_pupils
        result[g] = min(above / below if below else prior, known.rules.rate_max)
    return result


def age_of(known, grade):
    return known.rules.age.kindergarten if grade == K1 else known.rules.age.primary


def born_of(known, grade, year, area=None):
    """Children of an area (of all) who enter in a school year: a third of one year's births, two thirds of the next one's."""
    births, age = known.births, age_of(known, grade)
    total = 0.0
    for part, born in ((4 / 12, year - age - 1), (8 / 12, year - age)):
        if born < births.years[0]:
            return None
        column = births.by_year[:, births.years.index(min(born, births.years[-1]))]
        if born <= births.years[-1]:
            total += part * (column.sum() if area is None else column[births.areas.index(area)])
        else:  # the last year goes on, shared out as in the last ones
            recent = births.by_year[:, -3:].sum(axis=1)
            share = recent / recent.sum() if recent.sum() else [1 / len(recent)] * len(recent)
            total += part * column.sum() * (1.0 if area is None else share[births.areas.index(area)])
    return float(total)


def homes_by_hand(known, options, community, year):
    """Children of each grade in homes that have been moved into since today."""
    if known.housing is None:
        return 0.0
    curve = (0.0, *options.occupation)
    total = 0.0
    for block, built, homes, kind in zip(
        known.housing.block, known.housing.year, known.housing.homes, known.housing.types, strict=True
    ):
        if known.communities[block] == community:
            lived = [curve[min(max(at - built + 1, 0), len(curve) - 1)] for at in (known.school_year, year)]
            each = options.yield_per_grade.get(kind, options.yield_per_grade.get("", 0.0))
            total += homes * each * (1 - known.rules.private_share) * max(lived[1] - lived[0], 0.0)
    return total


def children_by_hand(known, options):
    """Children by year, community and grade, as fractions come."""
    ratio = ratios_by_hand(known, options)
    below = dict(zip(Stage, (None, *Stage), strict=False))
    holds = {
        GRADES.index(stage.entry_grade)
        for stage in Stage
        if below[stage] is None or not known.pupils[below[stage].grade_slice].any()
    }
    state = defaultdict(lambda: [0.0] * len(GRADES))
    for block, community in enumerate(known.communities):
        state[community] = [have + float(known.pupils[g, block]) for g, have in enumerate(state[community])]
    result = {known.school_year: dict(state)}
    for year in known.years[1:]:
        after = {}
        for community, now in state.items():
            homes = homes_by_hand(known, options, community, year)
            new = homes - homes_by_hand(known, options, community, year - 1)
            row = []
            for g in range(len(GRADES)):
                born = born_of(known, g, year, community) if g in {K1, G1} and known.births is not None else None
                if born is not None:
                    row.append(ratio[g] * born + homes)
                else:
                    row.append((now[g] if g in holds else ratio[g] * now[g - 1]) + new)
            after[community] = row
        state = after
        result[year] = after
    return result
