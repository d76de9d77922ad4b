"""Maps: vectors in two dimensions, one file a method."""
