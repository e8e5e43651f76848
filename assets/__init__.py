"""The asset graph of a monitor, one file per stage: load, call the engine, say what came of it."""
