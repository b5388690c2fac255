"""What is written fast is the same as what is read back."""

import json

from hypothesis import given
from hypothesis import strategies as st

from mtv import codec
from mtv.model.estate import VM, Datastore, Entity, Network
from mtv.model.infrastructure import Cluster, Gap, Host, Occurrence, Place, Policy, Rule, Switch
from mtv.store import flat

KINDS = [VM, Datastore, Network, Host, Cluster, Place, Switch, Policy, Rule, Occurrence, Gap]
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
st.register_type_strategy(str, TEXTS)
st.register_type_strategy(int, st.integers(-(1 << 63), (1 << 63) - 1))


@given(st.sampled_from(KINDS).flatmap(st.from_type))
def test_an_objects_document_is_what_the_codec_would_write_and_is_read_back(one: Entity) -> None:
    assert flat.told(one) == flat.document(one)
    assert codec.load(type(one), json.loads(flat.told(one))) == one
