"""Language models: how they are named, made and asked, and what may reach them."""
