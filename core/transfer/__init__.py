"""Conversations on their way out and in: the document they become, and the formats it is written and read in."""
