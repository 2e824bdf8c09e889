"""All six attributes are written, and only what differs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.chain.did import ATTRIBUTE_NAMES
from core.journal.state import Details
from core.protocols.guide.did_attributes import changes, wanted_attributes

GOOD = Details("https://docs.example/a?b=c#d", "http://10.0.0.5:8080/api", "public")


def test_six_attributes_in_their_order_with_an_empty_operator() -> None:
    wanted = wanted_attributes(1001, 7001, GOOD)
    assert list(wanted.items()) == [
        ("machineId", "1001"),
        ("nftTokenId", "7001"),
        ("operator", ""),
        ("documentation_url", GOOD.documentation_url),
        ("data_api", GOOD.data_api),
        ("data_visibility", "public"),
    ]


@given(
    st.fixed_dictionaries(
        {name: st.sampled_from([None, b"", b"other", b"same"]) for name in ATTRIBUTE_NAMES}
    )
)
def test_what_is_missing_is_added_what_differs_updated_and_what_is_right_left_alone(
    found: dict[str, bytes | None],
) -> None:
    """The other way round the chain would undo the whole batch."""
    wanted = dict.fromkeys(ATTRIBUTE_NAMES, "same") | {"operator": ""}
    needed = changes(found, wanted)
    for function, name, value in needed:
        assert value == wanted[name]
        assert function == ("addAttribute" if found[name] is None else "updateAttribute")
    untouched = set(wanted) - {name for _, name, _ in needed}
    assert all(found[name] == wanted[name].encode() for name in untouched)
    after = found | {name: value.encode() for _, name, value in needed}
    assert changes(after, wanted) == []
