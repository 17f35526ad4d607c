"""The KPIs' formulas: pure functions from facts and a period to a `Measure`.

Each gives a value with its interval, or the reason why there is none. A module holds KPIs that are made from the same facts.
"""
