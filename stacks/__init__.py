"""The Pulumi programs: what `pulumi up` makes of a cluster's spec.

`places/` has one program for each kind of place, put together from `components/`. (Components have a package of their
own because Pulumi runs a program with its folder first on the path, where a `platform.py` would hide Python's.)
"""
