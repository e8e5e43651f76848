-- Three databases on one server: the history store (made by the server's own settings), Dagster, MLflow.
CREATE DATABASE dagster OWNER obs;
CREATE DATABASE mlflow OWNER obs;
