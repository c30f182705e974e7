"""The catalogue: published figures of hardware, models, places and clusters, each with its source.

Data, not code: the YAML files in `data/` hold it, `entries` says what stands in them, `loading` reads them.
"""

from rackwright.catalog.entries import (
    Accelerator,
    Gpu,
    Host,
    Model,
    PlaceKind,
    Published,
    ReferenceCluster,
    ReferenceHardware,
    Software,
    Switch,
)
from rackwright.catalog.loading import (
    ACCELERATORS,
    CLUSTERS,
    COMPARISONS,
    GPUS,
    HOSTS,
    MODELS,
    PLACES,
    SOFTWARE,
    SWITCHES,
    Shelf,
)

__all__ = [
    "ACCELERATORS",
    "CLUSTERS",
    "COMPARISONS",
    "GPUS",
    "HOSTS",
    "MODELS",
    "PLACES",
    "SOFTWARE",
    "SWITCHES",
    "Accelerator",
    "Gpu",
    "Host",
    "Model",
    "PlaceKind",
    "Published",
    "ReferenceCluster",
    "ReferenceHardware",
    "Shelf",
    "Software",
    "Switch",
]
