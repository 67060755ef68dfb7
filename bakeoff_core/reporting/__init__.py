"""Everything that people read: sentences, figures, documents."""
