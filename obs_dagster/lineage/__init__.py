"""Lineage for others: what a night read and wrote, as OpenLineage events."""
