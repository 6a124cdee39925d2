"""The application: models, indexes, facets, renders and looks behind one object."""

from app.microscope.application import Microscope

__all__ = ["Microscope"]
