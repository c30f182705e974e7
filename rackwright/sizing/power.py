"""Power and water of a site."""

from __future__ import annotations

from rackwright.catalog.entries import Cooling
from rackwright.specs.figure import Figure

STORAGE_AND_MANAGEMENT_PART = Figure(
    low=0.03,
    expected=0.05,
    high=0.10,
    source="studies of 100,000-GPU sites give about 10 % for network and storage together; without the network: judgement",
    assumed=True,
)
"""Power of storage and management hosts, as a part of the GPU hosts'."""

PUE: dict[Cooling, Figure] = {
    "air": Figure(
        low=1.2,
        expected=1.35,
        high=1.56,
        source="industry average 1.56 (Uptime Institute survey, as quoted); expected for a new site: judgement",
    ),
    "liquid": Figure(low=1.05, expected=1.1, high=1.15, source="liquid-cooled sites 1.05-1.15, as quoted"),
}
"""Facility power over IT power."""

WATER_L_PER_KWH: dict[Cooling, Figure] = {
    "air": Figure(
        low=0.0, expected=1.8, high=2.05, source="average site 1.8 l/kWh, as quoted; none with dry coolers"
    ),
    "liquid": Figure(
        low=0.0,
        expected=1.37,
        high=2.05,
        source="Memphis: 1.3 million gallons a day over 150 MW (expected) or 100 MW (high); none with dry coolers",
    ),
}
"""Water use effectiveness: litres evaporated for each kWh of IT energy, with cooling towers."""

LITRES_PER_M3 = 1000
HOURS_PER_DAY = 24
KW_PER_MW = 1000
MWH_PER_GWH = 1000


def water_m3_per_day(*, it_mw: float, litres_per_kwh: float) -> float:
    """Water a day, in cubic metres."""
    return it_mw * KW_PER_MW * HOURS_PER_DAY * litres_per_kwh / LITRES_PER_M3
