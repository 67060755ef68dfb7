"""What a model is made of, by kind of layer and by stage."""
