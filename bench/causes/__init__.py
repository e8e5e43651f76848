"""How well causes across components are found in generated telemetry whose graph is known."""
