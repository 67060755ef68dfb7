"""What others published: accuracies, robustness, how weights were trained, where they are, timm's names and tables."""
