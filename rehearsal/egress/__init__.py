"""The egress proxy: how the API server reaches services whose pods are local processes."""
