"""One module for each contender: a table from the name of a piece of work to the function that prepares it."""
