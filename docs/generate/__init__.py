"""The pages of the site that are made at its build: the reference, from the models and the command line themselves."""
