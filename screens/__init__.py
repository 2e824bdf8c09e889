"""What a technician sees: one file a step."""
