"""`verify` asks no solver and repeats no count of the code that states a plan (docs/decisions/0002)."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from xuequ.zoning import verification

FOLDER = Path(verification.__path__[0])
FILES = sorted(FOLDER.glob("*.py"))

DEFINITIONS = {
    "accounts": {"programme_target"},
    "arrays": {"largest_remainder"},
    "block_groups": {"GroupArcs", "NEAREST_SCHOOLS", "group_arcs", "group_blocks"},
    "classes": {"classes_phase_in", "rooms_by_grade"},
    "cluster": {"Role", "TieKind"},
    "cluster_measures": {"BALANCE_BAND", "CLUSTER_GOALS"},
    "district": {"District"},
    "errors": {"VerificationFailed"},
    "options": {"GOAL_UNITS", "GoalSpec", "ProgrammeTarget"},
    "places": {"Action", "NEVER", "Site"},
    "plan": {"Plan", "PlanKind", "Status"},
    "stage": {"GRADES", "Grade", "Programme", "Stage"},
    "statement": {"AssignmentRow", "ClusterRow", "OverflowRow", "SchoolRow", "SeatRow", "Statement"},
    "stating": {"FORMAT", "state"},
    "together": {"bound_sets"},
}
"""What the verifier takes from the rest of ``zoning``: records, rules, class arithmetic, the meaning of groups and sets."""


def imported(path):
    """Return module and name of all that a file imports, within functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports by dots"
            yield from ((node.module, alias.name) for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_module_takes_definitions_only(path):
    for module, name in imported(path):
        top = module.partition(".")[0]
        if top != "xuequ":
            allowed = top in sys.stdlib_module_names or module in {
                "numpy",
                "numpy.typing",
                "scipy.sparse",
                "scipy.sparse.csgraph",
            }
            assert allowed, f"{path.name} imports {module}"
            assert top not in {"importlib", "subprocess", "os", "pathlib", "io"}, f"{path.name} imports {module}"
        elif not module.startswith("xuequ.zoning.verification"):
            room, _, part = module.removeprefix("xuequ.").partition(".")
            assert room == "zoning", f"{path.name} imports {module}"
            assert name in DEFINITIONS.get(part, set()), f"{path.name} takes {name} from {module}"


def test_only_what_a_plan_states_is_taken_from_the_code_that_states_it():
    """`state` turns a plan in memory into what its files would say; nothing else is asked of that code."""
    users = {path.name for path in FILES for module, name in imported(path) if name == "state"}
    assert users == {"verifying.py"}


PROGRAM = """
import sys
sys.path.insert(0, {tests!r})
from honest_plans import PLANS, honest
statements = [honest(name) for name in PLANS]
foreign = ("xuequ.solver", "xuequ.data", "xuequ.maps", "xuequ.api", "pulp", "highspy", "ortools", "numba", "scipy.optimize")
loaded = [name for name in sys.modules if name.startswith(foreign)]
for name in foreign:
    sys.modules[name] = None
from xuequ.zoning import verify
print(loaded, [verify(*each).ok for each in statements])
"""


def test_plans_verify_where_no_solver_can_be_loaded():
    tests = str(Path(__file__).parents[1])
    out = subprocess.run([sys.executable, "-c", PROGRAM.format(tests=tests)], capture_output=True, text=True, check=True).stdout
    assert out.strip() == f"[] {[True] * 6}"
