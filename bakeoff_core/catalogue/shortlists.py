"""Handfuls of models worth measuring together, by purpose.

Not covered: figures about them (see `catalogue.accuracies`).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Shortlist:
    """A handful of models worth measuring together for one purpose."""

    name: str
    """Key in `SHORTLISTS`, and the argument of `--shortlist`."""
    title: str
    """What the page calls it."""
    purpose: str
    """One sentence: when to start from it."""
    models: tuple[str, ...]
    """Full tags, fewest MACs first; each has a published accuracy at its default size."""


_LAB = (
    "mobilenetv3_small_100.lamb_in1k",
    "efficientnet_b0.ra_in1k",
    "resnet50.a1_in1k",
    "convnext_tiny.in12k_ft_in1k",
)

# Which models the guides name for which target was taken from the material the product grew from;
# where they disagree (ResNet-18 on an edge box or not) both answers are in, so that the machine decides.
SHORTLISTS: dict[str, Shortlist] = {
    shortlist.name: shortlist
    for shortlist in (
        Shortlist(
            "default",
            "Across the field",
            "Twelve well-known models from a phone's size to a server's: a first look at any machine.",
            (
                "mobilenetv3_small_100.lamb_in1k",
                "mobilenetv3_large_100.ra_in1k",
                "efficientnet_b0.ra_in1k",
                "tf_efficientnet_lite0.in1k",
                "tf_efficientnet_lite1.in1k",
                "tf_efficientnet_lite2.in1k",
                "mobilenetv4_conv_medium.e500_r256_in1k",
                "vit_tiny_patch16_224.augreg_in21k_ft_in1k",
                "resnet18.a1_in1k",
                "densenet121.ra_in1k",
                "resnet50.a1_in1k",
                "convnext_tiny.in12k_ft_in1k",
            ),
        ),
        Shortlist(
            "lab",
            "The lab's four",
            "The four candidates of the textbook lab this product grew from, as they are named there.",
            _LAB,
        ),
        Shortlist(
            "server",
            "Server",
            "Models for a server with a GPU or many cores, where accuracy comes first and memory is ample.",
            (
                "efficientnet_b2.ra_in1k",
                "efficientnet_b4.ra2_in1k",
                "resnet50.a1_in1k",
                "convnext_tiny.in12k_ft_in1k",
                "swin_tiny_patch4_window7_224.ms_in1k",
                "vit_small_patch16_224.augreg_in21k_ft_in1k",
                "tf_efficientnetv2_s.in21k_ft_in1k",
                "resnet101.a1h_in1k",
                "convnext_base.fb_in22k_ft_in1k",
            ),
        ),
        Shortlist(
            "edge",
            "Edge box",
            "Models for an industrial computer without a strong GPU that has to keep up with a camera.",
            (
                "mobilenetv3_small_100.lamb_in1k",
                "mobilenetv4_conv_small.e2400_r224_in1k",
                "mobilenetv3_large_100.ra_in1k",
                "efficientnet_b0.ra_in1k",
                "tf_efficientnet_lite0.in1k",
                "efficientvit_b1.r224_in1k",
                "tf_efficientnet_lite2.in1k",
                "mobilenetv4_conv_medium.e500_r256_in1k",
                "resnet18.a1_in1k",
            ),
        ),
        Shortlist(
            "mobile",
            "Phone",
            "Small models for phones and battery-powered devices, where size and energy count most.",
            (
                "mobilenetv3_small_100.lamb_in1k",
                "efficientvit_b0.r224_in1k",
                "ghostnet_100.in1k",
                "mobilenetv4_conv_small.e2400_r224_in1k",
                "mobilenetv3_large_100.ra_in1k",
                "mobilenetv2_100.ra_in1k",
                "efficientnet_b0.ra_in1k",
                "tf_efficientnet_lite0.in1k",
                "fastvit_t8.apple_in1k",
            ),
        ),
    )
}
"""Shortlists by name; the first is measured when the user names none."""
