from __future__ import annotations

import tomllib

import pytest

from motorsim.checks import InputError
from motorsim.config import RunConfig, config_to_toml, load_config, save_config


def message(*overrides, **values):
    with pytest.raises(InputError) as refused:
        load_config(None, overrides, **values)
    return str(refused.value)


def write(folder, text, name="experiment.toml"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("override", "hint"),
    [
        ("tsk.dt_s=1", "tsk: unknown key; did you mean task?"),
        ("task.n_direction=8", "task.n_direction: unknown key; did you mean n_directions?"),
        ("fit.data_driven.pacience=8", "did you mean patience?"),
        ("task.n_modes=3", "did you mean cortex.n_modes?"),
        ("cortex.n_neurons=3", "did you mean cortex.spiking.n_neurons?"),
        ("cortex.spiking.n_trial=3", "did you mean n_trials?"),
        (
            "tau_s=3",
            "did you mean cortex.tau_s or fit.data_driven.tau_s or fit.goal_driven.tau_s or fit.mixed.tau_s?",
        ),
        ("fit.target_code.zzz=3", "known: extent_m, n_per_axis, width_m"),
    ],
)
def test_an_unknown_key_is_answered_with_the_nearest_known_one(override, hint):
    assert hint in message(override)


@pytest.mark.parametrize(
    ("override", "key", "said"),
    [
        ("task.n_directions=eight", "task.n_directions", "valid integer, got 'eight'"),
        ("task.n_directions=8.0", "task.n_directions", "valid integer, got 8.0"),
        ("task.n_directions='8'", "task.n_directions", "valid integer, got '8'"),
        ("task.rest_s=true", "task.rest_s", "valid number, got True"),
        ("task.distances_m=0.1", "task.distances_m", "valid list, got 0.1"),
        ("task.start_m=[0.0, nan]", "task.start_m.1", "finite number, got nan"),
        ("compare.jpca_start_s=nan", "compare.jpca_start_s", "finite number"),
        ("cortex.mode=fast", "cortex.mode", "got 'fast'"),
        ("cortex.kind=spike", "cortex.kind", "got 'spike'"),
        ("cortex.preparation=ramp", "cortex.preparation", "got 'ramp'"),
        ("cortex.preparatory_norm_hz=0", "cortex.preparatory_norm_hz", "greater than 0"),
        ("cortex.least_preparation_s=-0.1", "cortex.least_preparation_s", "greater than or equal to 0"),
        ("cortex.noise_hz=nan", "cortex.noise_hz", "finite number"),
        ("cortex.spiking.n_neurons=0", "cortex.spiking.n_neurons", "greater than or equal to 1"),
        ("cortex.spiking.n_trials=1.5", "cortex.spiking.n_trials", "valid integer"),
        ("cortex.spiking.loop_gain=-1", "cortex.spiking.loop_gain", "greater than 0"),
        ("cortex.spiking.lag_iterations=-1", "cortex.spiking.lag_iterations", "greater than or equal to 0"),
        ("cortex.spiking.workers=0", "cortex.spiking.workers", "greater than or equal to 1"),
        ("cortex.spiking.causal=1", "cortex.spiking.causal", "valid boolean"),
        ("cortex.spiking=4000", "cortex.spiking", "valid table"),
        ("seed=-1", "seed", "greater than or equal to 0, got -1"),
        ("name=../elsewhere", "name", "got '../elsewhere'"),
        ("fit=3", "fit", "valid table, got 3"),
        ("compare.jpca_components=5", "compare.jpca_components", "multiple of 2"),
    ],
)
def test_a_value_of_the_wrong_type_or_range_is_named_with_what_came(override, key, said):
    assert f"{key}: " in message(override)
    assert said in message(override)


@pytest.mark.parametrize("key", ["reach_s", "rest_s", "delay_s", "movement_s", "dt_s"])
@pytest.mark.parametrize("value", ["0", "-0.1", "inf"])
def test_durations_are_positive_and_finite(key, value):
    assert f"task.{key}: input should be" in message(f"task.{key}={value}")


def test_all_faults_come_in_one_message():
    said = message("task.n_direction=8", "task.rest_s=-1", "seed=true", "cortex.mode=fast", "x=1")
    for fault in ("task.n_direction:", "task.rest_s:", "seed:", "cortex.mode:", "x:"):
        assert f"\n  {fault} " in said


def test_text_of_more_than_one_line_cannot_set_a_second_key():
    assert "seed: input should be a valid integer" in message("seed=3\nname = 'other'")


def test_overrides_are_toml_with_bare_words_as_text_and_later_ones_win():
    config = load_config(
        None, ("task.distances_m=[0.05]", "cortex.mode=numpy", "seed=1", "seed = 2", "name=a.b")
    )
    assert config.task.distances_m == (0.05,)
    assert (config.cortex.mode, config.seed, config.name) == ("numpy", 2, "a.b")


@pytest.mark.parametrize("text", ["seed", "=1", "task..dt_s=1", ".seed=1"])
def test_an_override_without_key_or_value_is_refused(text):
    assert message(text).startswith("--set: expected section.key=value")


def test_the_command_line_wins_over_the_file_and_none_leaves_it(tmp_path):
    path = write(tmp_path, "seed = 5\n[task]\nn_directions = 12\n")
    config = load_config(path, ("task.n_directions=10",), name="named", seed=None)
    assert (config.name, config.seed, config.task.n_directions) == ("named", 5, 10)
    assert load_config(path).name == "experiment"


@pytest.mark.parametrize(
    ("text", "said"),
    [("seed = ", "valid TOML"), ("a = 1\na = 2", "valid TOML"), ("a = " + "[" * 5000, "valid TOML")],
)
def test_a_file_that_is_no_toml_is_refused_with_its_name(tmp_path, text, said):
    path = write(tmp_path, text)
    with pytest.raises(InputError, match=said) as refused:
        load_config(path)
    assert str(path) in str(refused.value)


def test_missing_files_folders_and_other_encodings_are_refused(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        load_config(tmp_path / "none.toml")
    with pytest.raises(InputError, match="can be read"):
        load_config(tmp_path)
    (tmp_path / "latin.toml").write_bytes(b"name = '\xe9'")
    with pytest.raises(InputError, match="valid TOML"):
        load_config(tmp_path / "latin.toml")


def test_a_byte_order_mark_does_not_matter(tmp_path):
    path = tmp_path / "windows.toml"
    path.write_bytes(b"\xef\xbb\xbfseed = 4\r\n")
    assert load_config(path).seed == 4


def test_a_relative_path_starts_from_the_file_that_holds_it_or_the_working_directory(tmp_path, monkeypatch):
    folder = tmp_path / "experiments"
    folder.mkdir()
    path = write(folder, "[cortex]\nweights_file = '../data/w.npy'\n")
    monkeypatch.chdir(tmp_path)
    assert load_config(path).cortex.weights_file == tmp_path / "data" / "w.npy"
    assert load_config("experiments/experiment.toml").cortex.weights_file == tmp_path / "data" / "w.npy"
    assert (
        load_config(None, ("cortex.weights_file=data/w.npy",)).cortex.weights_file
        == tmp_path / "data" / "w.npy"
    )


def test_a_saved_configuration_is_loaded_as_the_same_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = load_config(
        None,
        ("cortex.weights_file=data/my w.npy", "cortex.weights_name=W", "fit.data_driven.batch_size=4"),
        name="again",
        seed=2**62,
    )
    saved = tmp_path / "results" / "again" / "config.toml"
    save_config(config, saved)
    assert 'weights_file = "../../data/my w.npy"' in saved.read_text(encoding="utf-8")
    monkeypatch.chdir("/")
    assert load_config(saved) == config
    assert load_config(saved).digest() == config.digest()


def test_values_survive_toml_to_the_last_bit(tmp_path):
    config = load_config(None, ("task.start_m=[0.1, 0.30000000000000004]", "cortex.readout_ridge=1e-300"))
    save_config(config, tmp_path / "config.toml")
    assert load_config(tmp_path / "config.toml") == config


def test_the_written_configuration_holds_every_key_with_what_it_is():
    text = config_to_toml(RunConfig())
    lines = text.splitlines()
    keys = [number for number, line in enumerate(lines) if " = " in line]
    assert len(keys) >= 77
    for number in keys:
        assert lines[number - 1].startswith("# ")
        assert " = " not in lines[number - 1]
        assert lines[number - 1] != "# None"
    unset = [line.removeprefix("# ") for line in lines if line.startswith("# ") and " = " in line]
    assert [line.split(" = ")[0] for line in unset[:3]] == ["weights_file", "weights_name", "n_units"]
    # What stands as an example is valid: set, the whole still loads.
    examples = "\n".join(
        line.removeprefix("# ") if line.removeprefix("# ") in unset else line for line in lines
    )
    RunConfig.model_validate(tomllib.loads(examples))


def test_the_digest_follows_every_setting():
    assert RunConfig().digest() == load_config().digest()
    assert RunConfig().digest() != load_config(None, ("compare.n_shuffles=51",)).digest()
