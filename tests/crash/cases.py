"""The journeys that are crashed: COLD and WARM in each flavour, to their end and back."""

from mtv.plans.runner import Policy
from mtv.providers.memory.faults import Demand
from tests.crash.boundaries import ended, in_state
from tests.crash.keeping import Keeping, with_snapshot
from tests.crash.pair import Case, Pair

FLAVOURS = ("snapshots", "backups", "streams", "untracked")
STARTS = ("start_machine", "stop_machine", "guest")
PROBATION = Policy(engine="test", probation_s=3600)


def fails_late(pair: Pair) -> None:
    pair.target().faults.demand(Demand(call="create_machine", kind="permanent", times=99))


DONE = [Case(kind, flavour) for kind in ("cold", "warm") for flavour in FLAVOURS]
BACK = [
    Case("cold", "snapshots", "fails-late", "rolled-back", prepare=fails_late),
    Case("warm", "snapshots", "fails-late", "rolled-back", prepare=fails_late),
    Case("warm", "backups", "fails-late", "rolled-back", prepare=fails_late),
    Case("cold", "backups", "cancelled", "cancelled", asks=[("cancel", ended("fence"))]),
    Case("warm", "backups", "cancelled", "cancelled", asks=[("cancel", ended("fence", 2))]),
    Case("warm", "snapshots", "cancelled-early", "cancelled", asks=[("cancel", ended("copy"))]),
    Case("cold", "streams", "taken-back", "rolled-back", [("rollback", in_state("probation"))], PROBATION),
    Case("warm", "backups", "taken-back", "rolled-back", [("rollback", in_state("probation"))], PROBATION),
    Case("warm", "untracked", "committed", "done", [("commit", in_state("probation"))], PROBATION),
    Case("cold", "snapshots", "given-back", "rolled-back", [("rollback", in_state("done"))], without=STARTS),
    Case("warm", "backups", "given-back", "rolled-back", [("rollback", in_state("done"))]),
    Case("cold", "snapshots", "taken-back-with-its-snapshot", "rolled-back", [("rollback", in_state("probation"))],
         PROBATION, planned=with_snapshot, target=Keeping),
]  # fmt: skip
