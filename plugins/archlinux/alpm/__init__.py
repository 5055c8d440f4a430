"""Arch Linux Package Management: versions, relations, packages and repositories."""
