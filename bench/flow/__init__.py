"""Flow in an event log: speed beside a plan written by hand and beside other tools, and how often forecasts come true."""
