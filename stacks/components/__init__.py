"""The parts of a cluster, each a component resource of its own."""
