"""`rackwright size` and the commands below it."""
