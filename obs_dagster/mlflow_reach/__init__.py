"""How MLflow is reached: how long it is waited for, its own database made whole, and what can go wrong."""
