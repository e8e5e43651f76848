"""What texts, embeddings and images say: descriptors of their values, as features of their own."""
