"""Files of others: taking them from this machine or the hub, and checking what they hold."""
