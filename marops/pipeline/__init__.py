"""Pipeline: where campaigns stand in the workflow, what is late, where work waits."""
