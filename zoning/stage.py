"""Stages, grades and school years, and which births enter when."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

__all__ = ["GRADES", "Grade", "Programme", "Stage", "entrants", "entry_year"]


class Grade(StrEnum):
    """A year of kindergarten (k1–k3) or of school (g1–g9)."""

    K1 = "k1"
    K2 = "k2"
    K3 = "k3"
    G1 = "g1"
    G2 = "g2"
    G3 = "g3"
    G4 = "g4"
    G5 = "g5"
    G6 = "g6"
    G7 = "g7"
    G8 = "g8"
    G9 = "g9"

    @property
    def stage(self) -> Stage:
        """The stage that the grade belongs to."""
        return _STAGE_OF[self]


GRADES: tuple[Grade, ...] = tuple(Grade)
"""All grades, lowest first: the order of every array that has a grade axis."""


class Stage(StrEnum):
    """
    A stage of schooling with catchments of its own.

    Notes
    -----
    model.md §0: kindergarten k1–k3, primary g1–g6, junior g7–g9; a nine-year school offers two.
    """

    KINDERGARTEN = "kindergarten"
    PRIMARY = "primary"
    JUNIOR = "junior"

    @property
    def grades(self) -> tuple[Grade, ...]:
        """The grades of the stage, entry grade first."""
        return _GRADES_OF[self]

    @property
    def entry_grade(self) -> Grade:
        """The grade in which a child is given a school."""
        return self.grades[0]

    @property
    def grade_slice(self) -> slice:
        """Where the stage's grades lie on a grade axis."""
        first = GRADES.index(self.grades[0])
        return slice(first, first + len(self.grades))

    @property
    def programme(self) -> Programme:
        """The building programme that pays for seats of the stage."""
        return Programme.KINDERGARTEN if self is Stage.KINDERGARTEN else Programme.SCHOOL


# Asked for very often, so looked up rather than searched.
_GRADES_OF: dict[Stage, tuple[Grade, ...]] = {
    Stage.KINDERGARTEN: GRADES[0:3],
    Stage.PRIMARY: GRADES[3:9],
    Stage.JUNIOR: GRADES[9:12],
}
_STAGE_OF: dict[Grade, Stage] = {grade: stage for stage, grades in _GRADES_OF.items() for grade in grades}


class Programme(StrEnum):
    """
    A building programme with money, land and seats of its own.

    Notes
    -----
    policy.md §7: primary and junior together 4,000 seats; kindergarten 1,800.
    """

    SCHOOL = "school"
    KINDERGARTEN = "kindergarten"

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages that the programme builds for."""
        return tuple(stage for stage in Stage if stage.programme is self)


def entry_year(born: date, age: int, cutoff: tuple[int, int] = (8, 31)) -> int:
    """
    Return the school year, named by its first calendar year, in which a child enters.

    Parameters
    ----------
    born
        Day of birth.
    age
        Age in whole years that must be reached (6 for primary, 3 for kindergarten).
    cutoff
        Month and day by which it must be reached, that day included.

    Notes
    -----
    policy.md §2, vectors A3 and A4.
    """
    late = (born.month, born.day) > cutoff
    return born.year + age + late


def entrants(
    births: Mapping[int, float],
    year: int,
    age: int,
    weights: tuple[float, float] = (4 / 12, 8 / 12),
) -> float:
    """
    Estimate the children who reach the age of entry for a school year from births by calendar year.

    Parameters
    ----------
    births
        Births by calendar year.
    year
        School year, named by its first calendar year.
    age
        Age of entry in years.
    weights
        Parts of the births of ``year - age - 1`` and of ``year - age`` that enter.

    Raises
    ------
    KeyError
        If one of the two calendar years is not there.

    Notes
    -----
    policy.md §2, vectors A1, A2 and A5: ``g1(t) = 4/12 births(t-7) + 8/12 births(t-6)``.
    """
    return weights[0] * births[year - age - 1] + weights[1] * births[year - age]
