"""Reports: one finished audit as a file to hand on, HTML or PDF."""
