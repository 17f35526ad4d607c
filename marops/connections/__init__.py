"""Connections: what marops reads from beside files that are given to it, and feeds that follow one of their tables.

`kinds` and `fields` say what can be connected and check a form; `addresses`, `gate` and `authorities` which hosts and files may be
reached, and who is trusted; `sealing` keeps secrets. `postgres` and `mysql` read servers here; `files` and `remote` ask the
limited `child`, where `opening`, `cloud`, `warehouses` and `apis` read. `feeds` follows a table over time; `service` is the door.
"""
