"""Chat models in this process: prompts packed, answers written together, none outside its schema."""
