"""Ranking: items of a request in the order that they were served, against how relevant each was."""
