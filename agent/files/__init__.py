"""Files as the system keeps them: opened safely, written to outlast a power cut, whose they are; and child processes."""
