"""A second kind of record, made of what a second kind takes: a model, a repository, a service, a module of tools."""
