"""Data contracts of the Open Data Contract Standard (ODCS, https://bitol.io), out of a monitor and in."""
