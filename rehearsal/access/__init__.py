"""The way from outside to the cluster's API, played: its endpoint, Oracle's Bastion service, and `oci` and `ssh`."""
