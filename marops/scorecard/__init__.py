"""The joint scorecard: KPI definitions, their months, and what they say."""
