"""How files of spans are written, one file for each form."""
