"""`prosopon bench`: how fast, how long, how many at once, at what cost; and what people say."""
