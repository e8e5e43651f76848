"""Performance: how right the model was on the predictions whose labels are known."""
