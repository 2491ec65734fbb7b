"""Windows and numbers with which physiology is measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from motorsim.checks import InputError, check_integer, check_number, check_positive

if TYPE_CHECKING:
    from motorsim.recording import Recording

Window = tuple[float, float]

_SHORTEST_S, _LONGEST_S = 0.2, 0.35


@dataclass(frozen=True)
class PhysiologySettings:
    """How physiology is measured.

    Parameters
    ----------
    preparation_s
        When the movement is prepared, from the go cue.
    movement_s
        When it is made, from movement onset.
    rotation_s
        Where jPCA looks, from movement onset; 0.2 to 0.35 s long as in the recordings it is held against.
    after_go_s
        Where the rate form is compared with the spiking form, from the go cue.
    count_window_s, count_step_s
        Sliding windows of the Fano factor; the length is a multiple of the step.
    smoothing_sd_s
        Gaussian that smooths the population's trial averages.
    spectrum_bin_s, spectrum_segment_s, spectrum_band_hz
        Bins, segments and the band that is averaged of the power spectrum.
    n_components
        Components of jPCA, and tuned ones beside the condition-invariant one (no more than there are).
    n_alignment
        Dimension of the subspaces of preparation and movement (no more than the rank of preparation).
    n_resamples, n_random
        Resamples of the units, and random subspaces.
    tuned_p
        Level below which a unit counts as tuned.

    Raises
    ------
    InputError
        If a window ends before it starts or a number is out of range.
    """

    preparation_s: Window = (-0.3, 0.0)
    movement_s: Window = (-0.05, 0.35)
    rotation_s: Window = (-0.05, 0.25)
    after_go_s: Window = (0.0, 0.4)
    count_window_s: float = 0.1
    count_step_s: float = 0.05
    smoothing_sd_s: float = 0.025
    spectrum_bin_s: float = 0.01
    spectrum_segment_s: float = 1.0
    spectrum_band_hz: Window = (1.0, 6.0)
    n_components: int = 6
    n_alignment: int = 10
    n_resamples: int = 200
    n_random: int = 1000
    tuned_p: float = 0.05

    def __post_init__(self) -> None:
        """Check every window and number."""
        for name in ("preparation_s", "movement_s", "rotation_s", "after_go_s", "spectrum_band_hz"):
            window = getattr(self, name)
            if len(window) != 2 or not check_number(name, window[0]) < check_number(name, window[1]):
                raise InputError(name, "a start before a stop", f"{window}")
            object.__setattr__(self, name, (float(window[0]), float(window[1])))
        for name in ("count_window_s", "count_step_s", "smoothing_sd_s", "spectrum_bin_s", "tuned_p"):
            check_positive(name, getattr(self, name))
        check_positive("spectrum_segment_s", self.spectrum_segment_s)
        for name in ("n_alignment", "n_resamples", "n_random"):
            check_integer(name, getattr(self, name))
        check_integer("n_components", self.n_components, minimum=2)
        length_s = self.rotation_s[1] - self.rotation_s[0]
        if not _SHORTEST_S - 1e-9 <= length_s <= _LONGEST_S + 1e-9:
            expected = f"{_SHORTEST_S:g} to {_LONGEST_S:g} s, as in the recordings it is held against"
            raise InputError("rotation_s", expected, f"{length_s:g} s")
        steps = self.count_window_s / self.count_step_s
        if steps < 1 - 1e-6 or abs(steps - round(steps)) > 1e-6:
            raise InputError(
                "count_window_s",
                f"a multiple of count_step_s = {self.count_step_s:g} s",
                f"{self.count_window_s:g}",
            )


@dataclass(frozen=True)
class Epochs:
    """When things happen on the clock of one recording, in seconds."""

    target_onset_s: float
    go_cue_s: float
    movement_onset_s: float
    preparation_s: Window
    movement_s: Window
    rotation_s: Window
    after_go_s: Window

    @classmethod
    def of(cls, recording: Recording, settings: PhysiologySettings) -> Epochs:
        """Place the windows; `InputError` if the recording lacks an event."""
        names = ("target_onset", "go_cue", "movement_onset")
        missing = [name for name in names if name not in recording.events_s]
        if missing:
            raise InputError("recording", f"the events {', '.join(names)}", f"no {', '.join(missing)}")
        target_s, go_s, onset_s = (recording.events_s[name] for name in names)
        return cls(
            target_s,
            go_s,
            onset_s,
            _moved(settings.preparation_s, go_s),
            _moved(settings.movement_s, onset_s),
            _moved(settings.rotation_s, onset_s),
            _moved(settings.after_go_s, go_s),
        )


def _moved(window_s: Window, event_s: float) -> Window:
    return window_s[0] + event_s, window_s[1] + event_s
