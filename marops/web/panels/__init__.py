"""Parts of pages that belong to one domain. Each module shows one domain's results; pages put them together."""
