"""What was asked of providers, and paid: kept beside results, so that nothing is paid twice."""
