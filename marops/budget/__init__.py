"""Budget: spend and outcome by channel, fitted responses, scenarios."""
