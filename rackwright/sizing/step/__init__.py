"""The time and memory of one training step: from a model's matrix products to a layout's seconds and bytes."""
