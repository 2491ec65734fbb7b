from __future__ import annotations

import pytest

from motorsim.checks import InputError, MotorsimError
from motorsim.paper_figures import draw_paper_figures
from motorsim.progress import Silent


@pytest.fixture
def checkout(tmp_path):
    (tmp_path / "figures").mkdir()
    (tmp_path / "pyproject.toml").touch()
    return tmp_path


def add(checkout, name, text):
    (checkout / "figures" / name).write_text(text, encoding="utf-8")


def test_scripts_run_in_order_from_the_checkout_without_the_style_file(checkout):
    append = "from pathlib import Path\nwith Path('drawn').open('a') as file: file.write('{}')"
    for name in ("figure2", "figure1", "style"):
        add(checkout, f"{name}.py", append.format(name[-1]))
    draw_paper_figures(Silent(), checkout=checkout)
    assert (checkout / "drawn").read_text(encoding="utf-8") == "12"


def test_a_script_that_fails_is_named(checkout):
    add(checkout, "figure1.py", "raise SystemExit(3)")
    with pytest.raises(MotorsimError, match=r"figures/figure1\.py ended with status 3"):
        draw_paper_figures(Silent(), checkout=checkout)


def test_without_scripts_or_beside_an_installed_package_it_says_that_a_checkout_is_needed(checkout):
    with pytest.raises(InputError, match="a checkout"):
        draw_paper_figures(Silent(), checkout=checkout)
    add(checkout, "figure1.py", "raise SystemExit(3)")
    (checkout / "pyproject.toml").unlink()
    with pytest.raises(InputError, match="a checkout"):
        draw_paper_figures(Silent(), checkout=checkout)
