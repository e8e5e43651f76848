"""The asset graph of a monitor, one file per stage; each loads, calls the engine, and says what came of it."""
