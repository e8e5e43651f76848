"""What can happen to a column, one kind a module: how it is recognised, and how it is told."""
