"""Templates to Kubernetes objects: `render` for any template, and a function for each part of a cluster."""

from rackwright.rendering.jobset import jobset
from rackwright.rendering.operator import operator_objects
from rackwright.rendering.templates import RenderError, render

__all__ = ["RenderError", "jobset", "operator_objects", "render"]
