"""serve and bench: the public page, and the benchmark instances."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from xuequ.api.cli.common import Common

__all__ = ["run_bench", "run_serve"]


def run_serve(common: Common, folder: Path | None, host: str, port: int) -> None:
    """Serve the public page until it is stopped."""
    from xuequ.api.app import serve  # noqa: PLC0415

    def announce(address: str) -> None:
        common.note(f"verified; serving {address} (Ctrl-C stops)")

    serve(common.case, folder, host, port, overrides=tuple(common.overrides or ()), announce=announce)


def run_bench(common: Common, folder: Path, only: Sequence[str], out: Path) -> None:
    """Run instances, write an assignment for each and the table of results."""
    import pandas as pd  # noqa: PLC0415

    from xuequ.data.instances import read_instance, write_assignment  # noqa: PLC0415
    from xuequ.solver.benchmark import run_instance  # noqa: PLC0415

    names = _instances_to_run(common, folder, only)
    out.mkdir(parents=True, exist_ok=True)
    results = []
    for name in names:
        instance = read_instance(folder, name)
        result = run_instance(instance.district, name, stop=common.stop(), seed=common.seed, threads=common.threads)
        if result.plan.catchments:
            write_assignment(out / f"{name}.assignment.csv", instance, result.plan)
        results.append(result.to_json())
        common.note(f"{name}: {results[-1]}")
    pd.DataFrame(results).to_csv(out / "results.csv", index=False, lineterminator="\n")
    common.answer({"results": results}, [f"{len(results)} instances: {out / 'results.csv'}"])


def _instances_to_run(common: Common, folder: Path, only: Sequence[str]) -> list[str]:
    """Return the instances asked for in which every school is open; say which are left out."""
    from xuequ.data.instances import list_problems  # noqa: PLC0415
    from xuequ.zoning.errors import CaseError  # noqa: PLC0415

    problems = list_problems(folder)
    unknown = sorted(set(only) - set(problems))
    if unknown:
        raise CaseError(f"{', '.join(unknown)}: not among the {len(problems)} instances of {folder}")
    asked = list(dict.fromkeys(only or problems))
    siting = [name for name in asked if problems[name] in {"CFLSAP", "CKFLSAP"}]
    if not siting:
        return asked
    reason = "bench gives blocks to schools that are all open (problem SAP), and does not choose which to open (CFLSAP, CKFLSAP)"
    if len(siting) == len(asked):
        raise CaseError(f"{', '.join(siting)}: {reason}; name SAP instances with --only")
    common.note(f"left out {', '.join(siting)}: {reason}")
    return [name for name in asked if name not in siting]
