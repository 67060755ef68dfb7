"""What to measure in a test: one short round of a tiny model."""

TINY = "test_vit.r160_in1k"


def request(model_name: str = TINY, **changes: object) -> dict[str, object]:
    """One short round of a tiny model."""
    usual = {
        "model_name": model_name,
        "img_size": 160,
        "batch_size": 1,
        "threads": 1,
        "device": "cpu",
        "precision": "float32",
        "passes": 4,
        "min_seconds": 0,
        "cap_s": 30.0,
        "count": True,
    }
    return {**usual, **changes}
