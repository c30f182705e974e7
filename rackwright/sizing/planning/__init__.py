"""The plan: from a request to all its parts, or to a refusal that says what would help."""
