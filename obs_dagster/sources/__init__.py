"""Log and label sources, and how their rows reach the lake."""
