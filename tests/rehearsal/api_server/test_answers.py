"""What is read out of an answer."""

from __future__ import annotations

import pytest

from rehearsal.api_server import Answer, RefusedError

pytestmark = pytest.mark.pure


def test_an_object_is_accepted() -> None:
    answer = Answer.parse(201, b'{"kind": "Pod"}')
    assert not answer.refused
    assert answer.accepted() == {"kind": "Pod"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"kind": "Status", "message": "pods \\"a\\" not found"}', 'pods "a" not found'),
        (b"<html>Bad gateway\n", "<html>Bad gateway"),
        (b"{}", "the API server answered 502"),
    ],
)
def test_a_refusal_has_the_servers_own_words_where_it_has_any(content: bytes, message: str) -> None:
    answer = Answer.parse(502, content)
    with pytest.raises(RefusedError, match=message):
        answer.accepted()
