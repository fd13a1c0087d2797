"""Finding row patterns in partitions: the matcher, and the function that runs it over Arrow columns."""
