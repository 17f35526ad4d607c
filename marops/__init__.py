"""marops: marketing operations, one scorecard for IT and marketing, self-hosted."""

__version__ = "0.1.0"
