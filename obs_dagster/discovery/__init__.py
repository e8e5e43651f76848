"""A monitor written from a sample of a log: what each column is, what the model does, where days stand."""
