"""The article's experiments run again on a model, each measured beside what is expected: a file for each experiment."""
