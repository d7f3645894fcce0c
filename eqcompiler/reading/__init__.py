"""From .tex and .md to typed statements."""
