"""How models that MLflow logged with a library are loaded, one file per flavor."""
