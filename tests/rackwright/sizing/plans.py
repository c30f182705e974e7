"""Plans that many tests look at, each made once for a whole run: making one takes up to seconds."""

from __future__ import annotations

from functools import cache

from rackwright.sizing import plan
from rackwright.sizing.published.reference import reference_request
from rackwright.specs.plan import Plan
from rackwright.specs.request import Request


def request(**fields: object) -> Request:
    """Llama 3 8B on a trillion tokens, but for what is given; GPUs or another limit must be."""
    return Request.model_validate({"name": "run", "model": "llama-3-8b", "tokens": 1e12, **fields})


def plan_of(asked: Request) -> Plan:
    """The plan of any request."""
    return _plan_of(asked.model_dump_json())


@cache
def _plan_of(asked: str) -> Plan:
    # As text, since a request holds a dictionary, which can't be a key.
    return plan(Request.model_validate_json(asked))


def planned(**fields: object) -> Plan:
    """The plan of a `request`."""
    return plan_of(request(**fields))


def reference(name: str) -> Plan:
    """The plan of a published cluster."""
    return plan_of(reference_request(name))
