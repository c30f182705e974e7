"""The rehearsal as a play: size, control plane, pulumi up, submit, break a host, finish."""
