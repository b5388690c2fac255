"""What an API server says beside its answer, and what it says for ever."""

import pytest

from mtv.providers.kubevirt.wire.answers import Status
from tests.providers.kubevirt.fake import FakeApiServer, Said, Time, api_of, status

PATH = "/apis/kubevirt.io/v1/namespaces/finance/virtualmachines/db01"
BODY = {"kind": "VirtualMachine", "metadata": {"name": "db01"}}


def test_warnings_are_those_of_the_last_answer(fake: FakeApiServer) -> None:
    api = api_of(fake.kubeconfig())
    said = '299 - "spec.running is deprecated, use \\"runStrategy\\""'
    fake.scripted += [Said(200, BODY, {"Warning": said}), Said(200, BODY), Said(200, BODY, {"Warning": "nonsense"})]
    api.apply(PATH, BODY)
    assert api.warned() == ('spec.running is deprecated, use "runStrategy"',)
    for _ in range(2):
        api.apply(PATH, BODY)
        assert api.warned() == ()


def test_a_field_that_apply_does_not_know_is_not_asked_for_again(fake: FakeApiServer, time: Time) -> None:
    """Server-side apply answers 500 to it, as if it might pass."""
    api = api_of(fake.kubeconfig(), time)
    text = "failed to create typed patch object (finance/db01): .spec.colour: field not declared in schema"
    fake.scripted += [Said(500, status(500, "InternalError", text))]
    with pytest.raises(Status, match="colour") as refused:
        api.apply(PATH, BODY)
    assert (refused.value.code, time.slept) == (400, [])
