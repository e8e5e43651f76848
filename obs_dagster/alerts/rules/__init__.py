"""What rules say of the stored metrics: subjects, the fold over nights, and the alerts that come of it."""
