"""The kinds of baselines, one file each: what versions can be compared with."""
