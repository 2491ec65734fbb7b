from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace

import pytest
from typer.testing import CliRunner

import motorsim.pipeline
from motorsim import __version__
from motorsim.cli import app
from motorsim.config import RunConfig, load_config
from motorsim.pipeline import STAGES, Stage

NAMES = tuple(stage.name for stage in STAGES)


def call(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def line(monkeypatch, tmp_path):
    """Put quick stages in place of the real ones; return the results folder and what they saw."""
    seen = []

    def stage(name):
        def run(context):
            seen.append((name, context.config))
            (context.staging / f"{name}.txt").write_text(name, encoding="utf-8")
            return {"summary": f"found by {name}"}

        return Stage(
            name=name,
            title=f"stage {name}",
            reads=(),
            outputs=(f"{name}.txt",),
            code=("checks",),
            parameters=lambda config: {"seed": config.seed},
            run=run,
        )

    monkeypatch.setattr(motorsim.pipeline, "STAGES", tuple(stage(name) for name in NAMES))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "results", seen


def fail_in(monkeypatch, name, action):
    """Let the stage of that name call ``action`` at its end."""

    def wrap(stage):
        return replace(stage, run=lambda context: (stage.run(context), action())[0])

    stages = tuple(wrap(stage) if stage.name == name else stage for stage in motorsim.pipeline.STAGES)
    monkeypatch.setattr(motorsim.pipeline, "STAGES", stages)


def test_the_version_is_shown_by_the_command_and_the_module():
    assert call("--version").stdout == f"motorsim {__version__}\n"
    command = [sys.executable, "-m", "motorsim", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout == f"motorsim {__version__}\n"


def test_help_takes_nothing_heavy_along():
    code = (
        "import sys; sys.argv = ['motorsim', 'run', '--help']\n"
        "from motorsim.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print([name for name in ('scipy', 'brian2', 'matplotlib', 'pandas', 'h5py') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert "--set" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("command", ["run", *NAMES[1:], "init", "list", "info"])
def test_every_command_has_help(command):
    result = call(command, "--help")
    assert result.exit_code == 0
    assert "Usage" in result.stdout


@pytest.mark.parametrize("command", ["run", *NAMES[1:]])
def test_a_command_runs_the_line_up_to_its_stage_and_shows_what_was_found(line, command):
    results, seen = line
    result = call(command)
    assert result.exit_code == 0, result.output
    expected = NAMES if command == "run" else NAMES[: NAMES.index(command) + 1]
    assert tuple(name for name, _ in seen) == expected
    for name in expected:
        assert f"found by {name}" in result.stdout
        assert f"results/default/{name}.txt" in result.stdout
        assert f"stage {name}\n" in result.stderr
    assert (results / "default" / f"{expected[-1]}.txt").is_file()


def test_finished_stages_are_not_run_again_unless_forced_and_then_only_the_commands_own(line):
    _, seen = line
    call("run")
    for command, again in {
        "run": (),
        "fit --force": ("fit",),
        "simulate --force": ("circuit", "simulate"),
        "run --force": NAMES,
    }.items():
        seen.clear()
        result = call(*command.split())
        assert result.exit_code == 0, result.output
        assert tuple(name for name, _ in seen) == again, command
        assert result.stdout.count("(earlier)") == len(
            [row for row in result.stdout.splitlines() if "MB" in row]
        ) - len(again)


def test_the_options_reach_the_configuration_and_win_over_the_file(line, tmp_path):
    _, seen = line
    file = tmp_path / "mine.toml"
    file.write_text("name = 'a'\nseed = 1\n[cortex]\nkind = 'rate'\nn_units = 50\n", encoding="utf-8")
    options = ["--set", "cortex.n_units=60", "--set", "task.rest_s=0.3", "--name", "trial1", "--seed", "7"]
    result = call("simulate", file, *options, "--results", tmp_path / "elsewhere")
    assert result.exit_code == 0, result.output
    config = seen[0][1]
    assert (config.name, config.seed, config.cortex.n_units, config.task.rest_s) == ("trial1", 7, 60, 0.3)
    assert load_config(tmp_path / "elsewhere" / "trial1" / "config.toml") == config


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--set", "tsk.dt_s=1"], "tsk: unknown key; did you mean task?"),
        (
            ["--set", "task.n_directions=eight"],
            "task.n_directions: input should be a valid integer, got 'eight'",
        ),
        (["--set", "task.rest_s=-0.2"], "task.rest_s: input should be greater than 0, got -0.2"),
        (["--set", "task.movement_s=0"], "task.movement_s: input should be greater than 0, got 0"),
        (
            ["--set", "cortex.n_modes=300"],
            "cortex.n_modes: expected at most the circuit's 200 units, got 300",
        ),
        (["--set", "seed"], "--set: expected section.key=value"),
        (["--seed", "-1"], "seed: input should be greater than or equal to 0"),
        (["--name", "a/b"], "name: string should match pattern"),
        (["none.toml"], "none.toml, which does not exist"),
    ],
)
def test_bad_settings_end_with_status_2_before_anything_is_written(line, arguments, said):
    results, seen = line
    result = call("run", *arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith("motorsim: ")
    assert said in result.stderr
    assert "Traceback" not in result.output
    assert seen == []
    assert not results.exists()


def test_a_value_that_is_no_integer_is_refused_by_the_option_itself(line):
    assert call("run", "--seed", "x").exit_code == 2
    assert call("run", "--sed", "1").exit_code == 2
    assert call("runn").exit_code == 2


@pytest.mark.parametrize(
    ("action", "status", "said"),
    [
        ("interrupt", 130, "motorsim: interrupted in stage fit; finished stages are kept"),
        ("terminate", 143, "motorsim: terminated in stage fit; finished stages are kept"),
        ("defect", 1, "motorsim: unexpected ZeroDivisionError in stage fit: division by zero"),
    ],
)
def test_whatever_ends_a_stage_earlier_ones_are_kept_and_the_same_command_resumes(
    line, monkeypatch, action, status, said
):
    results, seen = line
    with monkeypatch.context() as patch:
        actions = {
            "interrupt": lambda: os.kill(os.getpid(), signal.SIGINT),
            "terminate": lambda: os.kill(os.getpid(), signal.SIGTERM),
            "defect": lambda: 1 / 0,
        }
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        fail_in(patch, "fit", actions[action])
        try:
            result = call("run")
        finally:
            signal.signal(signal.SIGINT, before)
    assert result.exit_code == status, result.output
    assert result.stderr.splitlines()[-1].startswith(said)
    assert "Traceback" not in result.output
    left = {path.name for path in (results / "default").iterdir()}
    assert left == {"circuit.txt", "simulate.txt", "config.toml", "provenance.json", ".lock"}
    seen.clear()
    assert call("run").exit_code == 0
    assert tuple(name for name, _ in seen) == NAMES[2:]


def test_quiet_shows_nothing_when_all_is_well(line):
    result = call("run", "-q")
    assert result.exit_code == 0
    assert result.output == ""


def test_verbose_shows_the_log_and_the_log_file_gets_it_anyway(line, tmp_path):
    result = call("simulate", "-v")
    assert "motorsim: INFO: stage simulate took" in result.stderr
    result = call("simulate", "--force", "--log-file", tmp_path / "log")
    assert "INFO" not in result.stderr
    assert "stage simulate took" in (tmp_path / "log").read_text(encoding="utf-8")


def test_list_shows_the_runs(line):
    assert call("list").stdout == "no runs in results\n"
    call("simulate", "--name", "first", "--seed", "7")
    shown = call("list").stdout.splitlines()
    assert shown[0].split()[:3] == ["run", "finished", "stages"]
    assert shown[1].split()[:4] == ["first", "circuit", "simulate", "7"]


def test_init_writes_the_defaults_under_the_name_of_the_file_and_overwrites_nothing(line, tmp_path):
    assert call("init").exit_code == 0
    assert load_config(tmp_path / "motorsim.toml") == RunConfig(name="motorsim")
    assert call("init", "other/mine.toml").exit_code == 0
    mine = tmp_path / "other" / "mine.toml"
    mine.write_text("seed = 4", encoding="utf-8")
    result = call("init", mine)
    assert result.exit_code == 2
    assert "one that exists" in result.stderr
    assert mine.read_text(encoding="utf-8") == "seed = 4"


def test_info_shows_target_compiler_and_cores():
    result = call("info")
    assert result.exit_code == 0
    for word in ("motorsim", "brian2", "Brian2 target", "compiler", "cores", "cache"):
        assert word in result.stdout


def test_the_papers_figures_need_a_checkout(line, monkeypatch, tmp_path):
    _, seen = line
    monkeypatch.setattr("motorsim.paper_figures.draw_paper_figures.__kwdefaults__", {"checkout": tmp_path})
    result = call("figures", "--paper")
    assert result.exit_code == 2
    assert "a checkout of motorsim" in result.stderr
    assert seen == []
