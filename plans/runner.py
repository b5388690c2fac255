"""Drives one migration along its journey: record begin, act, record the ending.

The types stand in steps.py, the state in fold.py, all the logic in decide.py (pure); here is what acts.
"""

from mtv.plans.fold import History, fold
from mtv.plans.steps import (
    Act,
    Answer,
    Clock,
    Control,
    Decision,
    End,
    Journal,
    Journey,
    Policy,
    Sleep,
    Slots,
    Step,
    Turn,
    W,
    always,
    no_slots,
)

__all__ = [
    "Act",
    "Answer",
    "Clock",
    "Control",
    "Decision",
    "End",
    "History",
    "Journal",
    "Journey",
    "Policy",
    "Sleep",
    "Slots",
    "Step",
    "Turn",
    "W",
    "always",
    "fold",
    "no_slots",
]
