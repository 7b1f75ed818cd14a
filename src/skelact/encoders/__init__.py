"""Networks from a clip to its feature vector, and the file an encoder is kept in."""
