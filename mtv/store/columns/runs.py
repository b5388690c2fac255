"""Kinds of what was done: plans, runs, their VMs and steps, receipts."""

from mtv.store.columns.shapes import RUN, SOURCE, VM, Kind, flag, real, text, whole

_RECEIPT = (
    "coalesce((SELECT nullif(json_extract(r.facts, '$.path'), '') || '/receipt.json' FROM rows AS r"
    " WHERE r.run = t.run AND r.vm_key = t.vm_key AND r.step = 'create-vm' AND r.mark = 'done' AND r.undo = 0"
    " ORDER BY r.n DESC LIMIT 1), t.path)"
)  # it is signed before its machine is there

RUNS = (
    Kind("plans", "plans, as they were run", "plans AS t", "t.at, t.run", (
        text("name", "the plan's name"),
        RUN,
        SOURCE,
        text("target", "where to"),
        text("namespace", "the target's namespace"),
        whole("vms", "how many VMs"),
        text("on_failure", "rollback, stop, keep"),
        text("at", "when it was resolved"),
    )),
    Kind("runs", "runs of plans", "(SELECT * FROM runs WHERE ready = 1) AS t", "t.at, t.name", (
        text("name", "PLAN-N"),
        text("plan", "its plan"),
        whole("number", "which run of the plan, from 1"),
        text("at", "when it was begun"),
        whole("migrations", "how many VMs", "(SELECT count(*) FROM migrations AS m WHERE m.run = t.name)"),
        *(
            whole(name, says, f"(SELECT count(*) FROM migrations AS m WHERE m.run = t.name AND m.state IN ({states}))")
            for name, says, states in (
                ("done", "how many are done or in probation", "'done', 'probation'"),
                ("held", "how many are held", "'held'"),
                ("failed", "how many failed, were refused or taken back",
                 "'failed', 'failed, source unsure', 'rolled-back', 'refused', 'cancelled'"),
            )
        ),
    )),
    Kind("migrations", "VMs of runs",
         "migrations AS t LEFT JOIN progress AS p ON p.run = t.run AND p.vm_key = t.vm_key", "t.at, t.run, t.place", (
        text("name", "RUN/VM"),
        RUN,
        VM,
        text("vm_key", "source and id of the VM"),
        text("machine", "its name at the target"),
        text("state", "pending, running, waiting, held, undoing, done, probation, failed, refused, cancelled ..."),
        text("step", "that runs, waits or ran last"),
        whole("round", "which round of copying"),
        whole("attempt", "which attempt of the step"),
        text("why", "why it does not go on"),
        text("code", "the error's code"),
        text("hint", "what to do"),
        text("until", "when it goes on by itself"),
        whole("done_bytes", "bytes done in this step", "p.done_bytes"),
        whole("total_bytes", "bytes to do in this step; empty until all are counted", "nullif(p.total_bytes, 0)"),
        text("at", "when it was begun"),
        text("changed_at", "when it last went on"),
    )),
    Kind("steps", "attempts of steps", "attempts AS t", "t.at, t.run, t.vm_key, t.n", (
        text("name", "RUN/VM/step"),
        RUN,
        VM,
        text("vm_key", "source and id of the VM"),
        text("step", "the step"),
        whole("round", "which round"),
        whole("attempt", "which attempt"),
        flag("undo", "it is the step's undo"),
        text("mark", "begin, done, wait, again, failed, cancelled, skipped"),
        text("at", "when it began"),
        text("ended_at", "when it ended; empty while it runs, or if its engine died"),
        real("seconds", "how long it took"),
        text("code", "the error's code"),
        text("text", "the error"),
    )),
    Kind("receipts", "signed proofs", "receipts AS t", "t.at, t.run, t.vm_key", (
        text("name", "RUN/VM"),
        RUN,
        VM,
        text("vm_key", "source and id of the VM"),
        text("at", "when it was signed"),
        text("level", "how far the proof goes"),
        text("algorithm", "of its hashes"),
        whole("disks", "how many disks"),
        whole("size_bytes", "size of all disks"),
        whole("data_bytes", "bytes in blocks of 1 MiB with data: those that have a hash"),
        text("key", "fingerprint of the signing key"),
        text("path", "the receipt's file; empty where there is none", _RECEIPT),
    )),
)  # fmt: skip
