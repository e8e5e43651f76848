"""Binary classification: a score or a decision against a label of two classes."""
