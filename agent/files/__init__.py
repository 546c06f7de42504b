"""Files as the system keeps them: opened safely, durable, whose they are; and starting child processes."""
