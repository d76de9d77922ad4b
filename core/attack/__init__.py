"""Attack: what somebody who holds the vectors can learn from them, one file a family."""
