"""The plan as documents: the cluster's spec and the training job."""
