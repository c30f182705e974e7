"""The client for TrainingJobs: what researchers, and programs for them, do with jobs on a cluster."""
