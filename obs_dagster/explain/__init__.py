"""Explanations: why a version scores as it does, as SHAP values of its raw features."""
