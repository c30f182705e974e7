"""Money."""

from __future__ import annotations

from rackwright.specs.figure import Figure

ELECTRICITY_USD_PER_KWH = Figure(
    low=0.064,
    expected=0.078,
    high=0.12,
    source="123.9 million dollars for 1.59 TWh in a study of a 100,000-GPU site; low: the Memphis site's reported bill; "
    "high: judgement",
)
"""Price of electricity."""

OTHER_CAPITAL_PART = Figure(
    low=0.10,
    expected=0.18,
    high=0.25,
    source="47,000-52,000 dollars a GPU all in, against 310,000 a host (published cost study): cables, optics, storage, "
    "management",
)
"""Capital besides hosts and switches, as a part of the hosts'."""
