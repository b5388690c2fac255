"""Every error that mtv raises on purpose.

    MtvError               a Fault on its way up
      Refused              wrong use or wrong file: exit 2
      CheckFailed          refused by a check before any change: exit 4
      Temporary            the same again may work
      Held                 nobody's fault that undoing would mend: no space, an unreadable source
      Cancelled            somebody asked

One function (`mtv.cli.main`) turns them into stderr and an exit code. Anything else that is raised is a defect of
ours: stored with its traceback, shown without.
"""

from mtv.model.faults import Fault, Kind


class MtvError(Exception):
    """Base: carries the Fault that people and rows are shown."""

    kind = Kind.PERMANENT
    exit_code = 1

    def __init__(self, code: str, text: str, hint: str = "") -> None:
        super().__init__(text)
        self.fault = Fault(code, text, hint, self.kind, self.exit_code)


class Refused(MtvError):
    exit_code = 2


class CheckFailed(MtvError):
    exit_code = 4


class Temporary(MtvError):
    kind = Kind.TEMPORARY


class Held(MtvError):
    kind = Kind.HOLD


class Cancelled(MtvError):
    kind = Kind.CANCELLED
    exit_code = 130
