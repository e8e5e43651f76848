"""Who watches the alerter: after each night somebody else is told, and notices if nobody calls."""
