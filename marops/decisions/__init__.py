"""Decisions: what was decided about a finding, by whom, on which evidence."""
