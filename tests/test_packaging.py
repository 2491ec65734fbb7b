from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import motorsim

CHECKOUT = Path(__file__).parents[1]
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SUPPORTED = ("3.11", "3.12", "3.13")


def run(command, **options):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)  # noqa: S603 - our own
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Return the folder of a source archive and of the wheel made from it."""
    folder = tmp_path_factory.mktemp("dist")
    run([sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(CHECKOUT)])
    return folder


@pytest.fixture(scope="module")
def installed(built, tmp_path_factory):
    """Return a function that runs a command where only the wheel and its dependencies are."""
    folder = tmp_path_factory.mktemp("outside")
    run([sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")])
    python = folder / "venv" / "bin" / "python"
    # Dependencies come from this environment, without its own (editable) motorsim: a path file
    # that is reached through a path file is not read.
    site = Path(run([str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]).strip())
    paths = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (site / "dependencies.pth").write_text("\n".join(sorted(paths)))
    # Brian2 2.10 imports distutils, which setuptools lends to Python 3.12 through a path file of its own.
    lender = Path(sysconfig.get_path("purelib")) / "distutils-precedence.pth"
    if lender.is_file():
        shutil.copy(lender, site)
    wheel = next(built.glob("*.whl"))
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(python),
        "install",
        "--no-deps",
        "--no-index",
        "--quiet",
    ]
    run([*pip, str(wheel)])
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}

    def run_outside(program, *arguments):
        return run(
            [str(python.parent / program), *arguments], cwd=folder, env=environment | {"MPLBACKEND": "agg"}
        )

    return run_outside


def test_the_wheel_holds_the_package_with_its_data_and_nothing_else(built):
    names = set(zipfile.ZipFile(next(built.glob("*.whl"))).namelist())
    tops = {name.split("/")[0] for name in names}
    assert tops == {"motorsim", f"motorsim-{motorsim.__version__}.dist-info"}
    expected = {
        path.relative_to(CHECKOUT).as_posix()
        for path in (CHECKOUT / "motorsim").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {name for name in names if name.startswith("motorsim/")} == expected
    assert "motorsim/py.typed" in names
    assert any(name.startswith("motorsim/cortex/data/") for name in names)


def test_the_source_archive_holds_what_is_needed_to_test_and_build(built):
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    needed = {"README.md", "LICENSE", "CHANGELOG.md", "CITATION.cff", "Makefile", "pyproject.toml"}
    assert needed <= names
    assert {"tests/test_packaging.py", "tests/data/population_schema1.h5", "constraints/3.11.txt"} <= names
    assert not any(name.startswith((".git/", ".venv", "results")) for name in names)


def test_the_installed_package_is_the_one_from_the_wheel(installed):
    place, version = installed(
        "python", "-c", "import motorsim; print(motorsim.__file__, motorsim.__version__)"
    ).split()
    assert not Path(place).is_relative_to(CHECKOUT)
    assert version == motorsim.__version__


def test_the_command_tells_its_version(installed):
    assert motorsim.__version__ in installed("motorsim", "--version")
    assert motorsim.__version__ in installed("python", "-m", "motorsim", "--version")


def test_the_python_of_the_readme_works_as_printed(installed):
    readme = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", readme, re.DOTALL | re.MULTILINE)
    assert blocks
    for block in blocks:
        installed("python", "-W", "error::DeprecationWarning:__main__", "-c", block)


def test_the_version_is_the_same_wherever_it_stands():
    citation = (CHECKOUT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {motorsim.__version__}\n" in citation
    assert f"## {motorsim.__version__} " in (CHECKOUT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("version", SUPPORTED)
def test_constraints_pin_every_dependency_within_its_bounds(version):
    lines = (CHECKOUT / "constraints" / f"{version}.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(
        re.fullmatch(r"([\w.-]+)==([\w.]+)", line).groups() for line in lines if not line.startswith("#")
    )
    pinned = {canonicalize_name(name): pin for name, pin in pins.items()}
    wanted = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]
    environment = {"python_version": version, "python_full_version": f"{version}.0"}
    for requirement in map(Requirement, wanted):
        if requirement.marker is None or requirement.marker.evaluate(environment):
            assert requirement.specifier.contains(pinned[canonicalize_name(requirement.name)]), requirement


def test_every_supported_python_is_declared():
    assert PROJECT["requires-python"] == ">=3.11,<3.14"
    classifiers = {name.rsplit(" ", 1)[1] for name in PROJECT["classifiers"] if "Python :: 3." in name}
    assert classifiers == set(SUPPORTED)
    makefile = (CHECKOUT / "Makefile").read_text(encoding="utf-8")
    assert f"\nSUPPORTED := {' '.join(SUPPORTED)}\n" in makefile
