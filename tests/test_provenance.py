from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
from importlib import metadata

import numpy as np
import pytest

import motorsim
from motorsim import provenance
from motorsim.checks import InputError
from motorsim.provenance import available_cores, code_digest, environment, stage_key, versions


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Return a small package of its own, so that its code can be changed."""
    folder = tmp_path / "checkout" / "package"
    (folder / "cortex" / "data").mkdir(parents=True)
    for name in ("checks.py", "cortex/rate.py", "cortex/data/circuit.npz"):
        (folder / name).write_text(name)
    monkeypatch.setattr(provenance, "_PACKAGE", folder)
    return folder


def git(folder, *arguments):
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)  # noqa: S603, S607


def test_the_environment_is_fit_for_json_and_holds_no_paths():
    text = json.dumps(environment())
    assert os.path.expanduser("~") not in text  # noqa: PTH111 - compared as text
    assert "/lib" not in text
    assert environment()["cores"] == available_cores() >= 1
    assert {"versions", "platform", "cores", "blas", "commit", "dirty"} == set(environment())


def test_versions_are_those_installed(monkeypatch):
    found = versions()
    assert found["python"] == platform.python_version()
    assert found["numpy"] == np.__version__
    assert found["motorsim"] == motorsim.__version__

    def absent(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", absent)
    assert versions()["brian2"] is None


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not here")
def test_the_commit_and_whether_the_tree_differs_from_it(package):
    assert environment()["commit"] is None
    git(package.parent, "init")
    assert environment()["commit"] is None
    git(package.parent, "add", ".")
    git(package.parent, "commit", "-m", "first")
    clean = environment()
    assert len(clean["commit"]) == 40
    assert clean["dirty"] is False
    (package / "checks.py").write_text("changed")
    assert environment()["dirty"] is True
    assert environment()["commit"] == clean["commit"]


def test_a_key_follows_every_thing_that_a_result_depends_on():
    base = {"name": "fit", "parameters": {"a": 1, "b": [0.1]}, "inputs": {"cortex.h5": "12"}, "code": "ab"}
    key = stage_key(**base)
    changes = (
        {"name": "x"},
        {"parameters": {"a": 2, "b": [0.1]}},
        {"inputs": {"cortex.h5": "13"}},
        {"code": "ac"},
    )
    assert len({key, *(stage_key(**(base | change)) for change in changes)}) == 5
    assert stage_key(**(base | {"parameters": {"b": [0.1], "a": 1}})) == key


@pytest.mark.parametrize("parameters", [{"a": np.nan}, {"a": {1, 2}}, {"a": np.ones(2)}])
def test_parameters_of_a_key_are_fit_for_json(parameters):
    with pytest.raises(InputError, match="parameters"):
        stage_key("fit", parameters, {}, "")


def test_a_code_digest_follows_content_names_and_data(package):
    digests = [code_digest("cortex", "checks")]
    assert code_digest("checks", "cortex") == digests[0]
    (package / "cortex" / "__pycache__").mkdir()
    (package / "cortex" / "__pycache__" / "rate.pyc").write_text("compiled")
    (package / "unrelated.py").write_text("")
    assert code_digest("cortex", "checks") == digests[0]
    (package / "cortex" / "rate.py").write_text("changed")
    digests.append(code_digest("cortex", "checks"))
    (package / "cortex" / "data" / "circuit.npz").write_text("changed")
    digests.append(code_digest("cortex", "checks"))
    (package / "cortex" / "rate.py").rename(package / "cortex" / "spiking.py")
    digests.append(code_digest("cortex", "checks"))
    digests.append(code_digest("cortex"))
    assert len(set(digests)) == len(digests)


def test_code_that_is_not_there_is_refused():
    assert code_digest("io.hdf5") != code_digest("io")
    with pytest.raises(InputError, match="'cerebellum'"):
        code_digest("cerebellum")
