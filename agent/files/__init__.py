"""Files as the operating system keeps them: whose they are. Knows no stage."""
