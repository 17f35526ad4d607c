"""The scorecard's 30 KPIs: made-up rows, the same aggregations written by hand, and one measured process."""
