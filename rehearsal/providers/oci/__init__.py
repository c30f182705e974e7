"""The stand-in for Pulumi's `oci` provider: the official SDK's requests, answered by the simulated Oracle.

Nothing of it reaches Oracle, and no credentials are read; see `rehearsal.cloud` for what is simulated.
"""
