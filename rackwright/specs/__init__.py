"""What people write and programs pass on, as pydantic models with units in the fields' names.

The models are the only definition of each document: the JSON Schemas, the CRD and the error messages come from them.
"""

from rackwright.specs.cluster import ClusterSpec
from rackwright.specs.documents import SpecError, dump_document, load_document
from rackwright.specs.training_job import TrainingJob

__all__ = ["ClusterSpec", "SpecError", "TrainingJob", "dump_document", "load_document"]
