"""Worlds of texts, embeddings and images: how soon what goes wrong with them is found."""
