from __future__ import annotations

import json
from dataclasses import replace

import pytest
import threadpoolctl

from motorsim.checks import InputError
from motorsim.config import RunConfig, load_config
from motorsim.pipeline import Stage, run_stages


def quick(name, run=None, *, reads=(), files=lambda _config: (), part="seed"):
    """Return a stage that writes what it read, or what ``run`` writes."""

    def write(context):
        text = name + "".join((context.folder / read).read_text(encoding="utf-8") for read in reads)
        (context.staging / f"{name}.txt").write_text(
            f"{text} {getattr(context.config, part)}", encoding="utf-8"
        )
        return {} if run is None else run(context)

    return Stage(
        name=name,
        title=name,
        reads=reads,
        outputs=(f"{name}.txt",),
        code=("checks",),
        parameters=lambda config: {part: getattr(config, part)},
        run=write,
        files=files,
    )


def blas_threads():
    return {one["num_threads"] for one in threadpoolctl.threadpool_info() if one["user_api"] == "blas"}


def test_blas_has_one_thread_within_a_stage_and_what_it_had_outside(tmp_path):
    seen = {}

    def look(_context):
        seen["inside"] = blas_threads()
        return {}

    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        run_stages([quick("a", look)], RunConfig(), results=tmp_path)
        seen["after"] = blas_threads()
    assert seen == {"inside": {1}, "after": {2}}


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, InputError])
def test_what_ends_a_stage_carries_its_name(tmp_path, error):
    def fail(_context):
        raise error("a", "b", "c")

    with pytest.raises(error) as ended:
        run_stages([quick("a"), quick("b", fail)], RunConfig(), results=tmp_path)
    assert ended.value.__notes__ == ["in stage b"]


def test_stages_run_in_order_up_to_the_last_one_asked_for(tmp_path):
    line = [quick("a"), quick("b", reads=("a.txt",)), quick("c", reads=("b.txt",))]
    result = run_stages(line, RunConfig(), results=tmp_path, until="b")
    assert result.computed == ("a", "b")
    assert result.folder == tmp_path / "default"
    assert (result.folder / "b.txt").read_text(encoding="utf-8") == "ba 1 1"
    assert run_stages(line, RunConfig(), results=tmp_path).computed == ("c",)
    assert run_stages(line, RunConfig(), results=tmp_path).computed == ()
    assert run_stages(line, RunConfig(), results=tmp_path, force=["b"]).computed == ("b",)
    assert run_stages(line, RunConfig(), results=tmp_path, force=["all"]).computed == ("a", "b", "c")


def test_a_stage_runs_again_when_its_parameters_or_what_it_reads_have_changed(tmp_path):
    line = [quick("a"), quick("b", reads=("a.txt",), part="name"), quick("c", part="name")]
    run_stages(line, RunConfig(), results=tmp_path)
    assert run_stages(line, RunConfig(seed=2), results=tmp_path).computed == ("a", "b")


def test_a_file_from_outside_counts_by_what_it_holds(tmp_path):
    outside = tmp_path / "outside"
    line = [quick("a", files=lambda _config: (outside,))]
    outside.write_text("one", encoding="utf-8")
    assert run_stages(line, RunConfig(), results=tmp_path).computed == ("a",)
    outside.write_text("one", encoding="utf-8")
    assert run_stages(line, RunConfig(), results=tmp_path).computed == ()
    outside.write_text("two", encoding="utf-8")
    assert run_stages(line, RunConfig(), results=tmp_path).computed == ("a",)


def test_what_a_stage_keeps_outlives_an_interruption_and_goes_once_it_is_done(tmp_path):
    found = []

    def work(context):
        found.append(sorted(path.name for path in context.kept.glob("*")))
        context.kept.mkdir(exist_ok=True)
        (context.kept / f"part {len(found)}").touch()
        if len(found) < 3:
            raise KeyboardInterrupt
        return {}

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            run_stages([quick("a", work)], RunConfig(), results=tmp_path)
    folder = run_stages([quick("a", work)], RunConfig(), results=tmp_path).folder
    assert found == [[], ["part 1"], ["part 1", "part 2"]]
    assert sorted(path.name for path in folder.iterdir()) == [
        ".lock",
        "a.txt",
        "config.toml",
        "provenance.json",
    ]


def test_a_stage_that_reads_a_pattern_runs_again_when_a_file_of_it_comes_goes_or_changes(tmp_path):
    folder = tmp_path / "default"
    line = [quick("a"), replace(quick("b"), reads=("more*.txt", "a.txt"))]
    folder.mkdir()
    (folder / "more1.txt").write_text("1", encoding="utf-8")
    run_stages(line, RunConfig(), results=tmp_path)
    for change in (
        lambda: (folder / "more2.txt").write_text("2", encoding="utf-8"),
        lambda: (folder / "more2.txt").write_text("3", encoding="utf-8"),
        (folder / "more1.txt").unlink,
    ):
        assert run_stages(line, RunConfig(), results=tmp_path).computed == ()
        change()
        assert run_stages(line, RunConfig(), results=tmp_path).computed == ("b",)
    (folder / "more2.txt").unlink()
    with pytest.raises(InputError, match=r"more\*"):
        run_stages(line, RunConfig(), results=tmp_path)


@pytest.mark.parametrize("options", [{"until": "z"}, {"force": ["z"]}])
def test_a_stage_that_is_not_in_the_line_is_refused_and_the_known_ones_listed(tmp_path, options):
    with pytest.raises(InputError, match="one of a"):
        run_stages([quick("a")], RunConfig(), results=tmp_path, **options)
    assert not (tmp_path / "default").exists()


def test_the_folder_tells_configuration_and_seed(tmp_path):
    config = load_config(None, ("task.rest_s=0.3",), name="told", seed=9)
    folder = run_stages([quick("a")], config, results=tmp_path).folder
    assert load_config(folder / "config.toml") == config
    record = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
    assert record["seed"] == 9
    assert record["configuration_hash"] == config.digest()
