"""The RDMA fabric: its switches, cables and levels."""
