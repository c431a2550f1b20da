"""What people type into one line, read without a model."""
