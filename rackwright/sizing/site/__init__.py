"""What the machine needs and costs: power, water, optics, money, and the time to build it."""
