"""Search: a corpus of any size, and finding in it."""
