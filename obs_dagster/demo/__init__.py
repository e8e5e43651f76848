"""The demo: real flights, two model versions, and the log that serving them would have left."""
