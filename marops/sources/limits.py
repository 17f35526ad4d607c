"""The limits a process gives itself before it opens untrusted files: memory, processor time, file size, no core file."""

MEMORY_LIMIT = 6 << 30
"""Address space. Polars reserves far more than it uses; a hostile file asks for terabytes."""
CPU_SECONDS = 600
FILE_LIMIT = 16 << 30


def apply() -> None:
    """Limit this process, for good. Call before a parser is imported."""
    try:
        import resource
    except ImportError:  # Windows: the parent's time limit remains
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 5))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_LIMIT, FILE_LIMIT))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
