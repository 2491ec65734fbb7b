"""The command line: arguments to calls, nothing more."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from motorsim import __version__
from motorsim.console import run_command
from motorsim.paper_figures import draw_paper_figures

if TYPE_CHECKING:
    from motorsim.progress import Progress

app = typer.Typer(
    name="motorsim",
    help="Grow a motor cortex, make it reach, fit networks to it, compare them, and draw what came out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

ConfigArgument: TypeAlias = Annotated[
    Path | None,
    typer.Argument(metavar="CONFIG", help="A TOML file, see `motorsim init`; the defaults without one."),
]
SetOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="SECTION.KEY=VALUE", help="Change a setting; as often as wanted."),
]
NameOption: TypeAlias = Annotated[
    str | None, typer.Option("--name", metavar="NAME", help="The run's folder among the results.")
]
SeedOption: TypeAlias = Annotated[int | None, typer.Option(help="Seed of every random number.")]
ResultsOption: TypeAlias = Annotated[Path, typer.Option(metavar="DIR", help="Folder of all runs.")]
ForceOption: TypeAlias = Annotated[
    bool, typer.Option("--force", help="Compute this command's own stages again (`run`: all).")
]
QuietOption: TypeAlias = Annotated[bool, typer.Option("--quiet", "-q", help="Warnings and errors only.")]
VerboseOption: TypeAlias = Annotated[
    bool, typer.Option("--verbose", "-v", help="Show the log, and tracebacks.")
]
LogFileOption: TypeAlias = Annotated[
    Path | None, typer.Option(metavar="PATH", help="Add the whole log, tracebacks too, to this file.")
]
PaperOption: TypeAlias = Annotated[
    bool, typer.Option("--paper", help="Run the scripts of figures/ instead; needs a checkout.")
]

RESULTS = Path("results")


def main() -> None:
    """Run the command line."""
    app()


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"motorsim {__version__}")
        raise typer.Exit


@app.callback()
def _top(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and end."),
    ] = False,
) -> None:
    pass


@dataclass(frozen=True)
class _Request:
    """What the commands of the line have in common."""

    config: Path | None
    overrides: tuple[str, ...]
    name: str | None
    seed: int | None
    results: Path
    force: bool
    quiet: bool
    verbose: bool
    log_file: Path | None

    def run(self, until: str | None, own: tuple[str, ...]) -> None:
        """Run the line up to the stage ``until``; ``own`` are the stages that ``--force`` means."""
        run_command(
            lambda progress: self._body(until, own, progress),
            quiet=self.quiet,
            verbose=self.verbose,
            log_file=self.log_file,
        )

    def _body(self, until: str | None, own: tuple[str, ...], progress: Progress) -> None:
        from motorsim.config import load_config  # noqa: PLC0415 - so that `--help` is quick

        config = load_config(self.config, self.overrides, name=self.name, seed=self.seed)
        from motorsim.overview import show_run  # noqa: PLC0415 - and a fault is found before the wait
        from motorsim.pipeline import STAGES, run_stages  # noqa: PLC0415

        force = own if self.force else ()
        result = run_stages(STAGES, config, results=self.results, until=until, force=force, progress=progress)
        if not self.quiet:
            names = [stage.name for stage in STAGES]
            show_run(result, names if until is None else names[: names.index(until) + 1])


def _add_command(name: str, until: str | None, own: tuple[str, ...], help_text: str) -> None:
    def command(
        *,
        config: ConfigArgument = None,
        overrides: SetOption = None,
        run_name: NameOption = None,
        seed: SeedOption = None,
        results: ResultsOption = RESULTS,
        force: ForceOption = False,
        quiet: QuietOption = False,
        verbose: VerboseOption = False,
        log_file: LogFileOption = None,
    ) -> None:
        request = _Request(
            config, tuple(overrides or ()), run_name, seed, results, force, quiet, verbose, log_file
        )
        request.run(until, own)

    app.command(name, help=help_text)(command)


_add_command("run", None, ("all",), "Bring a run up to date: simulate, fit, compare, figures, report.")
_add_command(
    "simulate", "simulate", ("circuit", "simulate"), "Make the circuit; let it rest, prepare and reach."
)
_add_command("fit", "fit", ("fit",), "Train the networks, after what that needs.")
_add_command("compare", "compare", ("compare",), "Compare cortex and networks, after what that needs.")


@app.command()
def figures(
    *,
    config: ConfigArgument = None,
    overrides: SetOption = None,
    run_name: NameOption = None,
    seed: SeedOption = None,
    results: ResultsOption = RESULTS,
    force: ForceOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
    log_file: LogFileOption = None,
    paper: PaperOption = False,
) -> None:
    """Draw the figures, after what that needs."""
    request = _Request(
        config, tuple(overrides or ()), run_name, seed, results, force, quiet, verbose, log_file
    )
    if paper:
        run_command(draw_paper_figures, quiet=quiet, verbose=verbose, log_file=log_file)
    else:
        request.run("figures", ("figures",))


_add_command("report", "report", ("report",), "Write the report, after what that needs.")


@app.command()
def init(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="The file to write.")] = Path("motorsim.toml"),
) -> None:
    """Write the full default configuration, with what every key means."""

    def body(_progress: Progress) -> None:
        from motorsim.checks import InputError  # noqa: PLC0415
        from motorsim.config import load_config, save_config  # noqa: PLC0415

        if path.exists():
            raise InputError(str(path), "a new file", "one that exists", "name another, or move it away")
        save_config(load_config(name=path.stem), path)
        typer.echo(f"wrote {path}")

    run_command(body)


@app.command("list")
def list_(results: ResultsOption = RESULTS) -> None:
    """Show the runs in the results folder."""

    def body(_progress: Progress) -> None:
        from motorsim.overview import list_runs, show_runs  # noqa: PLC0415

        show_runs(list_runs(results), results)

    run_command(body)


@app.command()
def info() -> None:
    """Show versions, platform, Brian2's target, compiler, cores, BLAS and cache folder."""

    def body(_progress: Progress) -> None:
        from motorsim.overview import show_installation  # noqa: PLC0415

        show_installation()

    run_command(body)
