"""What search understands: the words of a text, and the language of a query. No SQL here."""
