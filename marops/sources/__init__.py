"""From whatever people download to rows of the canonical tables.

A file is first read in a limited child process (`child`, `staging`): guarded (`guard`), read as text (`reading`),
recognised or mapped (`shapes`, `mapping`), cast by contract (`formats`), completed (`completing`) and checked
(`marops.tables.conform`). The result is staged with a `Report`; nothing counts until somebody accepts it
(`service.accept`), which moves the staged files into the lake and writes every row in one transaction.
"""
