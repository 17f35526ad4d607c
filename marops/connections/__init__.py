"""Connections: databases and folders that marops reads from, and feeds that follow one of their tables.

`kinds` says what can be connected and checks a form; `addresses` which hosts and files may be reached; `sealing` keeps
passwords; `postgres`, `mysql` and `files` read; `feeds` follows a table over time; `service` is the door.
"""
