"""Memory: the largest resident size of this process over a stretch of work."""

from __future__ import annotations

import sys
from pathlib import Path

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


class PeakMemory:
    """Peak resident memory since construction, where the system lets the peak be reset (Linux).

    Elsewhere it is the peak since the process began; ``scope`` says which: ``"stage"`` or ``"process"``.
    Processes started by this one are not counted.
    """

    def __init__(self) -> None:
        try:
            _CLEAR.write_text("5", encoding="ascii")  # resets VmHWM, see proc(5)
            self.scope = "stage"
        except OSError:
            self.scope = "process"

    def bytes(self) -> int:
        """Return the peak in bytes."""
        if self.scope == "stage":
            fields = dict(line.split(":", 1) for line in _STATUS.read_text(encoding="ascii").splitlines())
            return 1024 * int(fields["VmHWM"].split()[0])
        import resource  # noqa: PLC0415 - POSIX only

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else 1024 * peak
