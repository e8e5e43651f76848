"""How right a model of several classes is; one file per group of metrics."""
