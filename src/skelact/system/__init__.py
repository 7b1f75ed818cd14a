"""Infrastructure: files, terminal, processes, memory, native code."""
