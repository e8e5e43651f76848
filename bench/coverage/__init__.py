"""How often 95 % intervals hold the truth: of every metric that is registered, of every task."""
