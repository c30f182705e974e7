"""The kopf operator that runs and heals training jobs."""
