"""What commands print: results, remarks, progress."""
