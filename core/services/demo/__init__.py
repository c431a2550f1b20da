"""A company that never was, with a year of talk: made up from texts with slots, the same for the same moment."""
