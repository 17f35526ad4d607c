"""Maturity: the instrument, its scoring, and where IT and marketing differ."""
