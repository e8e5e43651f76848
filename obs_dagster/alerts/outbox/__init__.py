"""The outbox: notifications wait in it until every channel has taken them."""
