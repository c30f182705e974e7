"""What goes wrong with tools, as sentences for the person at the terminal."""


class ToolError(Exception):
    """A tool can't be had; the message says what, why, and what to do about it."""
