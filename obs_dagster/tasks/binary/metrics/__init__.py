"""Performance of binary classifiers on the predictions whose labels are known."""
