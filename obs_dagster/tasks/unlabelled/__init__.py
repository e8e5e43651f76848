"""Models without a ground truth: scores, anomaly scores, clusters."""
