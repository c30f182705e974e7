"""Transceivers and cables of the RDMA fabric: what one draws and costs."""

from __future__ import annotations

from rackwright.specs.figure import Figure

TRANSCEIVER_W = Figure(
    low=7.0,
    expected=8.5,
    high=14.0,
    source="half of a twin-port 800G module of 16-18 W (vendors' data sheets); high: a 400G module of 12-14 W by "
    "itself; low: linear-drive optics",
)
"""One 400 Gbit/s transceiver."""

TRANSCEIVER_USD = Figure(
    low=450,
    expected=650,
    high=1000,
    source="a maker's list (luxoptx.com, 2025): 400G 600-800 dollars, 800G twin-port 1,100-1,400, less 20-30 % in "
    "volume; high: 30-50 % more from the switch's vendor",
)
"""One 400 Gbit/s transceiver."""

CABLE_USD = Figure(
    low=30,
    expected=80,
    high=150,
    source="the same list: fibre trunk cables at 50-150 dollars; low: patch cords at 20-50",
)
"""The fibre of one cable."""
