"""Workspaces: bodies of data with their settings."""
