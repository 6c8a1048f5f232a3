"""
The command line: what each command takes. What it does stands in the modules beside this one, imported when it is called.

Nothing heavier than typer is imported here, so that ``xuequ --help`` answers at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xuequ.api.cli.common import Common, Language, Regime, StageName, guarded
from xuequ.api.cli.entrance import Entrance

__all__ = ["app", "main"]

app = typer.Typer(
    name="xuequ",
    cls=Entrance,
    help="Plan a district's schools: catchments, seats and 1+X+Y clusters, verified, explained and drawn as maps.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Case = Annotated[str, typer.Argument(metavar="CASE", help="A case folder, or demo for the shipped district.")]
PlanFolder = Annotated[Path, typer.Argument(metavar="PLAN", help="A plan folder.")]
Out = Annotated[Path, typer.Option("--out", help="Folder to write; an existing plan there is replaced as a whole.")]
Stage = Annotated[StageName, typer.Option("--stage", help="Stage of schooling.")]
Set = Annotated[list[str] | None, typer.Option("--set", metavar="SECTION.KEY=VALUE", help="Override case.toml; may be repeated.")]
TimeLimit = Annotated[
    float | None, typer.Option("--time-limit", metavar="SECONDS", min=0.0, help="Stop after so long with the best plan.")
]
Iterations = Annotated[
    int | None, typer.Option("--iterations", min=1, help="Stop after so many iterations: runs repeat to the byte.")
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Seed of everything random.")]
Threads = Annotated[int, typer.Option("--threads", min=1, help="Processor cores to use.")]
Lang = Annotated[Language, typer.Option("--lang", help="Language of maps and reports, where there are any.")]
Json = Annotated[bool, typer.Option("--json", help="Exactly one JSON object on standard output.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress, no summary.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="Logs on standard error.")]


@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, typer.Option("--version", help="Show the version and leave.")] = False) -> None:
    if version:
        from importlib.metadata import version as installed  # noqa: PLC0415

        typer.echo(installed("xuequ"))
        raise typer.Exit


@app.command()
def demo(
    out: Annotated[Path, typer.Option("--out", help="Folder for plan, maps and report.")] = Path("xuequ-demo"),
    time_limit: TimeLimit = 140.0,
    iterations: Iterations = None,
    seed: Seed = 1,
    threads: Threads = 2,
    lang: Lang = Language.zh,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Do the whole job on the shipped synthetic district: forecast, seats, zoning by year, clusters, verify, maps, report."""
    from xuequ.api.cli.cases import run_demo  # noqa: PLC0415

    common = Common("demo", (), time_limit, iterations, seed, threads, lang, json, quiet, verbose)
    guarded(common, lambda: run_demo(common, out))


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder with the district's files.")],
    lang: Lang = Language.zh,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write a first case.toml for the files found in a folder, each guess with a comment beside it."""
    from xuequ.api.cli.cases import run_init  # noqa: PLC0415

    common = Common(str(folder), lang=lang, json=json, quiet=quiet)
    guarded(common, lambda: run_init(common, folder))


@app.command()
def check(
    case: Case,
    fix: Annotated[Path | None, typer.Option("--fix", metavar="DIR", help="Write a repaired copy here.")] = None,
    places: Annotated[Path | None, typer.Option("--places", metavar="FILE.gpkg", help="Write where the problems are.")] = None,
    overrides: Set = None,
    lang: Lang = Language.zh,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Check a case: every problem with table, row, column, value and how to mend it."""
    from xuequ.api.cli.cases import run_check  # noqa: PLC0415

    common = Common(case, overrides, lang=lang, json=json, quiet=quiet, verbose=verbose)
    guarded(common, lambda: run_check(common, fix, places))


@app.command()
def forecast(
    case: Case,
    out: Out,
    backtest: Annotated[
        bool, typer.Option("--backtest", help="Also forecast from every past school year, and tell how far off that was.")
    ] = False,
    overrides: Set = None,
    lang: Lang = Language.zh,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Write the children by block, grade, school year and scenario that plans are made for."""
    from xuequ.api.cli.planning import run_forecast  # noqa: PLC0415

    common = Common(case, overrides, lang=lang, json=json, quiet=quiet, verbose=verbose)
    guarded(common, lambda: run_forecast(common, out, backtest=backtest))


@app.command()
def zone(
    case: Case,
    out: Out,
    stage: Annotated[StageName | None, typer.Option("--stage", help="Stage of schooling; the case's if it names one.")] = None,
    year: Annotated[int | None, typer.Option("--year", help="School year; the first planned one if not given.")] = None,
    regime: Annotated[Regime | None, typer.Option("--regime", help="full: every grade anew; phase_in: entrants only.")] = None,
    overrides: Set = None,
    time_limit: TimeLimit = 60.0,
    iterations: Iterations = None,
    seed: Seed = 0,
    threads: Threads = 1,
    lang: Lang = Language.zh,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Draw the catchments of one stage and school year."""
    from xuequ.api.cli.planning import run_zone  # noqa: PLC0415

    common = Common(case, overrides, time_limit, iterations, seed, threads, lang=lang, json=json, quiet=quiet, verbose=verbose)
    guarded(common, lambda: run_zone(common, out, stage, year, regime))


def _add_planning(verb: str, purpose: str, *, seconds: float = 60.0, cores: int = 1) -> None:
    """Add the command of a verb that makes a plan of the whole case."""

    @app.command(verb, help=purpose)
    def _command(
        case: Case,
        out: Out,
        overrides: Set = None,
        time_limit: TimeLimit = seconds,
        iterations: Iterations = None,
        seed: Seed = 0,
        threads: Threads = cores,
        lang: Lang = Language.zh,
        json: Json = False,
        quiet: Quiet = False,
        verbose: Verbose = False,
    ) -> None:
        from xuequ.api.cli.planning import run_verb  # noqa: PLC0415

        common = Common(
            case, overrides, time_limit, iterations, seed, threads, lang=lang, json=json, quiet=quiet, verbose=verbose
        )
        guarded(common, lambda: run_verb(common, out, verb))


_add_planning("seats", "Choose which sites are built, with how many classrooms, and in which year.")
_add_planning("cluster", "Form the clusters of 1+X+Y.")
_add_planning("plan", "Seats, catchments of every stage and year, and clusters, coupled.", seconds=140.0, cores=2)


@app.command()
def verify(
    case: Case,
    plan_folder: PlanFolder,
    overrides: Set = None,
    lang: Lang = Language.zh,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Check every statement of a plan from the raw input; exit 0 only when all hold."""
    from xuequ.api.cli.results import run_verify  # noqa: PLC0415

    common = Common(case, overrides, lang=lang, json=json, quiet=quiet, verbose=verbose)
    guarded(common, lambda: run_verify(common, plan_folder))


@app.command()
def explain(
    case: Case,
    plan_folder: Annotated[Path | None, typer.Argument(metavar="[PLAN]", help="A plan folder.")] = None,
    block: Annotated[str | None, typer.Option("--block", metavar="ID", help="Why this block goes where it goes.")] = None,
    school: Annotated[str | None, typer.Option("--school", metavar="ID", help="What holds this school.")] = None,
    stage: Annotated[StageName | None, typer.Option("--stage", help="Stage; each of the plan's if not given.")] = None,
    year: Annotated[int | None, typer.Option("--year", help="School year; the first of the plan if not given.")] = None,
    overrides: Set = None,
    lang: Lang = Language.zh,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Say why a block goes there, why something cannot be done, and what would do."""
    from xuequ.api.cli.results import run_explain  # noqa: PLC0415

    common = Common(case, overrides, lang=lang, json=json, quiet=quiet, verbose=verbose)
    guarded(common, lambda: run_explain(common, plan_folder, (block, school), (stage, year)))


@app.command()
def compare(
    case: Case,
    plans: Annotated[list[Path], typer.Argument(metavar="PLAN PLAN…", help="Two or more plan folders.")],
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE.html", help="Write the comparison as a page.")] = None,
    overrides: Set = None,
    lang: Lang = Language.zh,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Put plans side by side."""
    from xuequ.api.cli.results import run_compare  # noqa: PLC0415

    common = Common(case, overrides, lang=lang, json=json, quiet=quiet, verbose=verbose)
    guarded(common, lambda: run_compare(common, plans, out))


@app.command("map")
def map_(
    case: Case,
    plan_folder: PlanFolder,
    out: Out,
    overrides: Set = None,
    lang: Lang = Language.zh,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Draw a plan: an interactive map (one HTML file, no network), an atlas (PDF), a picture (PNG), a report."""
    from xuequ.api.cli.results import run_map  # noqa: PLC0415

    common = Common(case, overrides, lang=lang, json=json, quiet=quiet, verbose=verbose)
    guarded(common, lambda: run_map(common, plan_folder, out))


@app.command()
def serve(
    case: Annotated[str, typer.Argument(metavar="[CASE]", help="A case folder; the demo if not given.")] = "demo",
    plan_folder: Annotated[Path | None, typer.Argument(metavar="[PLAN]", help="A plan folder.")] = None,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port to listen on.")] = 8000,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    overrides: Set = None,
    verbose: Verbose = False,
) -> None:
    """Start the public page: catchment map and look-up by address."""
    from xuequ.api.cli.service import run_serve  # noqa: PLC0415

    common = Common(case, overrides, verbose=verbose)
    guarded(common, lambda: run_serve(common, plan_folder, host, port))


@app.command()
def bench(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of benchmark instances.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for assignments and the results table.")],
    more: Annotated[list[str] | None, typer.Argument(metavar="NAME", hidden=True)] = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="NAME…", help="Only these instances; may be repeated.")
    ] = None,
    time_limit: TimeLimit = 60.0,
    iterations: Iterations = None,
    seed: Seed = 0,
    threads: Threads = 1,
    lang: Lang = Language.zh,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Run benchmark instances and compare with the best known."""
    from xuequ.api.cli.service import run_bench  # noqa: PLC0415

    common = Common(str(folder), (), time_limit, iterations, seed, threads, lang=lang, json=json, quiet=quiet, verbose=verbose)
    guarded(common, lambda: run_bench(common, folder, [*(only or []), *(more or [])], out))


def main() -> None:
    """Run the command line."""
    app()
