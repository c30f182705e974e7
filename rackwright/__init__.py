"""Rackwright's library: specs, sizing, catalogue and rendering, and the `rackwright` command."""
