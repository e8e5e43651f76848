"""What serving platforms capture of requests and responses: one file for each form, found by its shape."""
