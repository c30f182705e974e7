"""The search for the fastest layout that fits: every layout is computed, or certain to lose."""
