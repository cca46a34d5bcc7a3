"""Small classifiers learnt from what people coded and what a model wrote beside it (seed 001).

Heavy libraries are imported where they are used.
"""
