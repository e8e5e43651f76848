"""Backups: history store, lake, monitors and the key of pseudonyms, in one folder that can be verified."""
