"""A newcomer's way from nothing to a filed report: clicked through, timed and photographed."""
