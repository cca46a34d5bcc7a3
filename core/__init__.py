"""The field's words as frozen records and pure functions. No input or output happens here."""
