"""What the pages are made of: a folder a page, what several share, and components of our own."""
