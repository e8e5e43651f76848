"""One version against another: what each day says, and what days say together however often people look."""
