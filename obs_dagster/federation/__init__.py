"""What a site sends of its days: counts, without those of few rows, signed."""
