"""The simulated services: for each resource type of one service, its behaviour."""
