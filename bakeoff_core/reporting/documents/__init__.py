"""What leaves the product: Markdown, JSON, the bundle; and a report asked again."""
