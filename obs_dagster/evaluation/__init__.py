"""From profiles to metric records: what each night computes."""
