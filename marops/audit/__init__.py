"""Audit: who changed what, when, from what to what; written in the transaction that makes the change."""
