"""One file per family of findings; data (patterns, scores, words) at the top of each, code below. Pure."""
