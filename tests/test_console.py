from __future__ import annotations

import logging
import os
import signal
import threading
import warnings

import pytest

from motorsim.checks import DiskFullError, DivergenceError, InputError
from motorsim.console import run_command


def status_of(body, **options):
    with pytest.raises(SystemExit) as ended:
        run_command(body, **options)
    return ended.value.code


def raising(error, *notes):
    def body(_progress):
        for note in notes:
            error.add_note(note)
        raise error

    return body


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            InputError("weights", "a square matrix", "shape (2, 3)"),
            "weights: expected a square matrix, got shape (2, 3)",
        ),
        (DivergenceError("activity left the finite numbers"), "activity left the finite numbers"),
        (DiskFullError("the disk is full"), "the disk is full"),
        (PermissionError(13, "Permission denied", "/somewhere"), "/somewhere: Permission denied"),
        (OSError("no errno"), "no errno"),
    ],
)
def test_what_a_person_can_mend_is_one_line_and_status_2(capsys, error, said):
    assert status_of(raising(error, "in stage fit")) == 2
    assert capsys.readouterr().err == f"motorsim: {said}\n"


def test_a_defect_is_one_line_with_type_stage_and_message_and_status_1(capsys):
    assert status_of(raising(KeyError("rates"), "in stage fit")) == 1
    assert capsys.readouterr().err == (
        "motorsim: unexpected KeyError in stage fit: 'rates'; --log-file PATH or -v keeps the traceback\n"
    )


@pytest.mark.parametrize("error", [InputError("a", "b", "c"), KeyError("rates")])
def test_the_traceback_goes_to_the_log_file_and_with_verbose_to_standard_error(capsys, tmp_path, error):
    log = tmp_path / "log"
    status_of(raising(error), log_file=log)
    assert "Traceback" in log.read_text(encoding="utf-8")
    assert "Traceback" not in capsys.readouterr().err
    status_of(raising(error), verbose=True)
    assert "Traceback" in capsys.readouterr().err


def test_the_line_of_a_defect_says_where_the_traceback_is(capsys, tmp_path):
    status_of(raising(ValueError("x")), log_file=tmp_path / "log")
    assert f"the traceback is in {tmp_path / 'log'}\n" in capsys.readouterr().err
    status_of(raising(ValueError("x")), verbose=True)
    assert capsys.readouterr().err.endswith("the traceback is above\n")


def test_ctrl_c_says_in_which_stage_and_how_to_go_on(capsys):
    assert status_of(raising(KeyboardInterrupt(), "in stage simulate")) == 130
    said = capsys.readouterr().err
    assert said.startswith("motorsim: interrupted in stage simulate; finished stages are kept")
    assert "resumes" in said
    assert said.count("\n") == 1


def test_sigterm_ends_a_command_as_ctrl_c_does_and_its_handler_is_put_back(capsys):
    before = signal.getsignal(signal.SIGTERM)
    cleaned = []

    def body(_progress):
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            while True:
                signal.pause()
        finally:
            cleaned.append(True)

    assert status_of(body) == 143
    assert cleaned == [True]
    assert capsys.readouterr().err.startswith("motorsim: terminated; ")
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_command_runs_outside_the_main_thread_too():
    ran = []
    thread = threading.Thread(target=lambda: run_command(lambda _progress: ran.append(True), quiet=True))
    thread.start()
    thread.join()
    assert ran == [True]


def test_warnings_are_one_line_even_when_quiet_and_information_needs_verbose(capsys):
    def body(_progress):
        logging.getLogger("motorsim.train.fit").warning("training diverged")
        logging.getLogger("motorsim.train.fit").info("update 3")

    run_command(body, quiet=True)
    assert capsys.readouterr().err == "motorsim: WARNING: training diverged\n"
    run_command(body, verbose=True)
    assert capsys.readouterr().err == "motorsim: WARNING: training diverged\nmotorsim: INFO: update 3\n"


def test_the_log_file_gets_everything_and_is_added_to(capsys, tmp_path):
    log = tmp_path / "log"

    def body(_progress):
        logging.getLogger("motorsim.train.fit").debug("the smallest thing")
        with warnings.catch_warnings():
            warnings.simplefilter("default")
            warnings.warn("from elsewhere", RuntimeWarning, stacklevel=1)

    run_command(body, log_file=log)
    run_command(body, log_file=log)
    text = log.read_text(encoding="utf-8")
    assert text.count("DEBUG motorsim.train.fit: the smallest thing") == 2
    assert "from elsewhere" in text
    assert capsys.readouterr().err == ""


def test_a_log_file_that_cannot_be_written_is_said(capsys, tmp_path):
    assert status_of(lambda _progress: None, log_file=tmp_path / "none" / "log") == 2
    assert "No such file or directory" in capsys.readouterr().err


def test_logging_is_left_as_it_was(tmp_path, monkeypatch):
    loggers = [logging.getLogger(name) for name in ("motorsim", "py.warnings", "brian2")]
    monkeypatch.setattr(loggers[0], "level", 35)
    before = [(one.level, list(one.handlers)) for one in loggers]
    run_command(lambda _progress: None, verbose=True, log_file=tmp_path / "log")
    status_of(raising(ValueError("x")), log_file=tmp_path / "log")
    assert [(one.level, list(one.handlers)) for one in loggers] == before


def test_a_reader_that_has_gone_is_left_to_the_command_line(capsys):
    with pytest.raises(BrokenPipeError):
        run_command(raising(BrokenPipeError()))
    assert capsys.readouterr().err == ""
