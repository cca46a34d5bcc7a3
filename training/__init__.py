"""Models of one's own: LoRA adapters that code, and which coders to keep.

Heavy libraries are imported where they are used.
"""
