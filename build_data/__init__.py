"""Turns corpora into intermediate tasks: translation, native makers, filters, duplicates, leak guard, cards."""
