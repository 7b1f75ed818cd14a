"""What a program needs around its mathematics: files, terminal, processes, memory, native code."""
