"""The arithmetic from a request to a plan, one module for each subject; all of it pure."""
