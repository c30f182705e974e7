"""The catalogue: figures of hardware, models, places and clusters, and those that plans share, each with its source.

Data, not code: the YAML files in `data/` hold it, `entries` says what stands in them, `loading` reads them.
"""

from rackwright.catalog.entries import (
    Accelerator,
    FailureRecord,
    Gpu,
    Host,
    Model,
    NcclSettings,
    PlaceKind,
    PlanningFigure,
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
    FAILURES,
    FIGURES,
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
    "FAILURES",
    "FIGURES",
    "GPUS",
    "HOSTS",
    "MODELS",
    "PLACES",
    "SOFTWARE",
    "SWITCHES",
    "Accelerator",
    "FailureRecord",
    "Gpu",
    "Host",
    "Model",
    "NcclSettings",
    "PlaceKind",
    "PlanningFigure",
    "Published",
    "ReferenceCluster",
    "ReferenceHardware",
    "Shelf",
    "Software",
    "Switch",
]
