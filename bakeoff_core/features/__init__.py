"""What a frozen backbone makes of images: computed once, kept, compared and judged."""
