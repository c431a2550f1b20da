"""A page to link to."""
