"""The pages: they choose, start and show; everything that is computed lies in `core`."""
