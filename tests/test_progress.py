from __future__ import annotations

import contextlib
import io
import sys

import pytest
from rich.console import Console

from motorsim import progress
from motorsim.progress import Bars, Plain, Silent, choose_progress


@pytest.fixture
def clock(monkeypatch):
    """Let time stand where the test puts it."""
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])

    def set_to(seconds):
        now[0] = seconds

    return set_to


def terminal():
    return Console(file=io.StringIO(), force_terminal=True, width=140, color_system=None)


def test_plain_lines_tell_share_and_remaining_time_every_ten_seconds(clock):
    stream = io.StringIO()
    with Plain(stream).bar("training", 200) as update:
        for second in range(1, 26):
            clock(second)
            update(4 * second, f"loss {second}")
    lines = stream.getvalue().splitlines()
    assert lines == [
        "  training: 20%, 40 s left, loss 10",
        "  training: 40%, 30 s left, loss 20",
        "  training: done in 25.0 s",
    ]


def test_a_job_of_less_than_a_second_leaves_no_plain_line(clock):
    stream = io.StringIO()
    with Plain(stream).bar("training", 2) as update:
        clock(0.9)
        update(2)
    assert stream.getvalue() == ""


def test_nothing_done_gives_no_remaining_time(clock):
    stream = io.StringIO()
    with Plain(stream).bar("training", 2) as update:
        clock(30.0)
        update(0)
    assert stream.getvalue() == "  training: done in 30.0 s\n"


def test_a_job_that_fails_is_not_called_done(clock):
    stream = io.StringIO()
    with contextlib.suppress(RuntimeError), Plain(stream).bar("training", 2):
        clock(30.0)
        raise RuntimeError
    assert stream.getvalue() == ""


def test_bars_show_share_rate_and_note_and_lines_above_them():
    console = terminal()
    bars = Bars(console)
    bars.say("a [line] with brackets")
    with bars.bar("training", 200) as update:
        update(20)
        update(100, "loss 0.5")
        update(150, "loss 0.4")
    shown = console.file.getvalue()
    assert "a [line] with brackets" in shown
    last = [line for line in shown.splitlines() if "training" in line][-1]
    assert "100%" in last
    assert "/s" in last
    assert "loss 0.4" in last


def test_a_bar_that_is_left_by_an_error_does_not_say_100_percent():
    console = terminal()
    with contextlib.suppress(RuntimeError), Bars(console).bar("training", 200) as update:
        update(50)
        raise RuntimeError
    assert "25%" in console.file.getvalue()
    assert "100%" not in console.file.getvalue()


def test_on_a_narrow_terminal_the_note_gives_way_and_not_the_time_left(monkeypatch):
    monkeypatch.setattr(progress, "_rate", lambda _speed, _total: "1234.5/s")
    console = Console(file=io.StringIO(), force_terminal=True, width=80, color_system=None)
    with Bars(console).bar("stability optimisation", 2200) as update:
        update(1100, "loss 0.1234, validation 0.1234")
        update(2100, "loss 0.1234, validation 0.1234")
    last = [line for line in console.file.getvalue().splitlines() if "stability optimisation" in line][-1]
    assert "100%" in last
    assert "1234.5/s" in last
    assert "00:00" in last
    assert "loss 0.1" in last


def test_one_bar_may_follow_another():
    console = terminal()
    bars = Bars(console)
    for name in ("first", "second"):
        with bars.bar(name, 1.0) as update:
            update(0.5)
    shown = console.file.getvalue()
    assert shown.rindex("first") < shown.index("second")
    assert shown.count("100%") >= 2


@pytest.mark.parametrize(
    ("speed", "total", "shown"), [(12.34, 200, "12.3/s"), (0.25, 1.0, "25%/s"), (None, 5, "")]
)
def test_the_rate_is_in_steps_or_in_percent_where_the_whole_counts_as_one(speed, total, shown):
    assert progress._rate(speed, total) == shown


def test_the_choice_is_bars_on_a_terminal_lines_elsewhere_and_silence_when_asked(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert isinstance(choose_progress(), Plain)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert isinstance(choose_progress(), Bars)
    silent = choose_progress(quiet=True)
    assert isinstance(silent, Silent)
    silent.say("line")
    with silent.bar("training", 2) as update:
        update(1, "note")
    assert sys.stderr.getvalue() == ""
    assert capsys.readouterr().out == ""
