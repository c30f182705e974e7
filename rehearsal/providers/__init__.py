"""Stand-ins for Pulumi's provider plugins, for machines that can't download the official ones.

They speak the engine's own protocol, so the engine, the SDKs and the programs are the real ones, unchanged. What all
stand-ins have in common is here; each of them is a subpackage that implements `model.Provider` and `model.Instance`.
"""
