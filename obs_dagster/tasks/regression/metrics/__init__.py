"""How far a regressor's predictions are from the true values."""
