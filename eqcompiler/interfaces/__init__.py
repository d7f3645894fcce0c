"""Command line and other faces: they format, they do not compute."""
