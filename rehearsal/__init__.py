"""Rehearse a cluster on one machine: a real control plane, the real engine, a simulated Oracle."""
