"""CLIP models: where their weights come from, the layers of their vision tower, and how to read them."""
