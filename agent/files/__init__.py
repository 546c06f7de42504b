"""Files as the system keeps them: written to outlast a power cut, opened beneath a folder, and whose they are."""
