"""Schema versions of the state database, run by `marops.store.migrate` at every start."""
