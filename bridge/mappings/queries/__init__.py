"""JSONPath: what an author may write, and the look-ups that it is compiled to."""
