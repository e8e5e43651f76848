"""What people read: the health page, Evidently's reports and MLflow."""
