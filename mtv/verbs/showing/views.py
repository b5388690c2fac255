"""What people are shown of runs: the same rows for `mtv status`, `mtv watch` and the TUI."""

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class DiskView:
    """One disk of a step that moves or reads bytes. `total_bytes` is 0 until it is `counted`."""

    disk: str
    phase: str
    done_bytes: int
    total_bytes: int
    counted: bool = True
    rate_bytes_per_s: float | None = None
    eta_s: float | None = None

    @property
    def percent(self) -> int | None:
        return self.done_bytes * 100 // self.total_bytes if self.total_bytes else None


@dataclass(frozen=True, kw_only=True)
class MigrationView:
    """One VM of one run. `total_bytes` is what is allocated at the source, 0 until it is counted."""

    run: str
    vm: str  # VM key
    name: str
    state: str
    step: str = ""
    title: str = ""
    number: int = 0  # of the step, from 1
    steps: int = 0
    done_bytes: int = 0
    total_bytes: int = 0
    rate_bytes_per_s: float | None = None
    eta_s: float | None = None
    seconds: float | None = None  # since its first step began, until it ended or now
    why: str = ""
    hint: str = ""
    refused: bool = False  # by a check, before any change
    driven: bool = True  # by a living engine, or it is at rest
    disks: tuple[DiskView, ...] = ()

    @property
    def percent(self) -> int | None:
        return self.done_bytes * 100 // self.total_bytes if self.total_bytes else None


@dataclass(frozen=True, kw_only=True)
class StepView:
    """One row of a migration's journey. `mark` is "" for a step that did not begin."""

    step: str
    title: str
    mark: str = ""
    round: int = 0
    attempt: int = 0
    at: str = ""
    seconds: float | None = None
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class RunView:
    name: str
    plan: str
    state: str
    started_at: str = ""
    engine: str = ""  # pid and host of the living engine; "" where none lives
    migrations: tuple[MigrationView, ...] = field(default_factory=tuple)
