"""The family of an architecture and what its weights were pre-trained on, read off timm's name.

The catalogue says both for the tags it knows, and goes first; timm publishes figures for many more. Not covered:
recipes, and whether one family is better than another.
"""

from __future__ import annotations

import re

from bakeoff_core.timm_names import architecture_of

IN1K, IN22K, WEB = "ImageNet-1k", "ImageNet-22k", "web images"
PRETRAININGS = (IN1K, IN22K, WEB)
"""Kinds of pre-training that are told apart: ImageNet-1k alone; a part or all of the full ImageNet (its authors'
in12k, in21k and in22k); collections from the web, with or without captions."""

_WEB = re.compile(
    r"jft|ig1b|yfcc|laion|openai|datacomp|dfn|webli|metaclip|lvd\d|swag|seer|sa1b|merged2b|m30m|m38m|apple_mclip|"
    r"(^|_)(ns|clip|wsl|swsl|ssl)(_|$)"
)
_FULL_IMAGENET = re.compile(r"in(12|21|22)k|in2[12]ft|22kft")

_BY_PATTERN = tuple(
    (re.compile(pattern), family)
    for pattern, family in (
        (r"(tf_)?efficientnet_lite", "EfficientNet-Lite"),
        (r"(tf_|gc_)?efficientnetv2", "EfficientNetV2"),
        (r"(tf_)?efficientnet_(e[sml]|cc)", "EfficientNet-EdgeTPU and CondConv"),
        (r"(tf_)?efficientnet", "EfficientNet"),
        (r"efficientvit_[bl]", "EfficientViT (MIT)"),
        (r"efficientvit_m", "EfficientViT (MSRA)"),
        (r"efficientformerv2", "EfficientFormerV2"),
        (r"mobilenet_edgetpu", "MobileNet-EdgeTPU"),
        (r"(tf_)?mobilenetv(?P<version>[1-4])", r"MobileNetV\g<version>"),
        (r"fbnetv3|fbnetc|hardcorenas|spnasnet|(se)?mnasnet|tinynet|lcnet", "Searched mobile nets"),
        (r"(tf_)?mixnet", "MixNet"),
        (r"(gluon_|tv_|ssl_|swsl_)?resnet\d+(_v1b|_gn|_mlp)?$", "ResNet"),
        (r"(gluon_)?resnet\d+(d|_v1d)$", "ResNet-D"),
        (r"resnet\d+(x\d+)?_clip", "CLIP"),
        (r"resnetv2.*bit", "ResNetV2 (BiT)"),
        (r"resnetv2", "ResNetV2"),
        (r"resnetrs", "ResNet-RS"),
        (r"res2net|res2next", "Res2Net"),
        (r"resnest", "ResNeSt"),
        (r"(gluon_|tv_|ig_|ssl_|swsl_)?resnext", "ResNeXt"),
        (r"wide_resnet", "Wide ResNet"),
        (r"(gluon_|legacy_)?(se|eca|sk|gc|senet).*res?ne[xt]|(gluon_|legacy_)?senet|ecaresnet", "Attention ResNets"),
        (r"(gluon_)?resnet", "Other ResNets"),
        (r"(se|eca_)?botnet|halo|eca_bot|eca_halo|sehalo|lam(bda|halo)|sebotnet|bat_", "Attention ResNets"),
        (r"regnetx", "RegNetX"),
        (r"regnety", "RegNetY"),
        (r"regnet[zv]|haloregnet", "RegNetZ and RegNetV"),
        (r"(dm_|eca_)?nfnet|nf_", "NFNet"),
        (r"inception_next", "InceptionNeXt"),
        (r"((tf|adv|gluon)_)?inception|ens_adv_inception", "Inception"),
        (r"(gluon_|legacy_)?xception", "Xception"),
        (r"(tv_)?densenet", "DenseNet"),
        (r"cs3|csp|(se)?darknet", "CSPNet and DarkNet"),
        (r"(ese_|eca_)?vovnet", "VoVNet"),
        (r"convnextv2", "ConvNeXt V2"),
        (r"convnext", "ConvNeXt"),
        (r"swinv2", "Swin V2"),
        (r"swin", "Swin"),
        (r"deit3", "DeiT III"),
        (r"deit", "DeiT"),
        (r"beitv2", "BEiT V2"),
        (r"beit3", "BEiT-3"),
        (r"beit", "BEiT"),
        (r"eva02", "EVA-02"),
        (r"eva", "EVA"),
        (r"vit_.*siglip", "SigLIP"),
        (r"vit_.*clip", "CLIP"),
        (r"vit_.*dinov2", "DINOv2"),
        (r"vit_.*dinov3", "DINOv3"),
        (r"vit_.*(resnet|r26|r50|_r_)", "ViT with a ResNet stem"),
        (r"vit_|flexivit|naflexvit|samvit", "ViT"),
        (r"tiny_vit", "TinyViT"),
        (r"maxvit|maxxvit", "MaxViT"),
        (r"coatne[tx]", "CoAtNet"),
        (r"sam2_hiera|hieradet|hiera", "Hiera"),
        (r"repghostnet", "RepGhostNet"),
        (r"ghostnetv(?P<version>\d)", r"GhostNetV\g<version>"),
    )
)
"""First match wins. A group called `version` ends up in the family's name."""

_WORDS = {
    "caformer": "CAFormer",
    "cait": "CaiT",
    "coat": "CoaT",
    "convformer": "ConvFormer",
    "convit": "ConViT",
    "convmixer": "ConvMixer",
    "crossvit": "CrossViT",
    "davit": "DaViT",
    "dla": "DLA",
    "dpn": "DPN",
    "edgenext": "EdgeNeXt",
    "efficientformer": "EfficientFormer",
    "fasternet": "FasterNet",
    "fastvit": "FastViT",
    "focalnet": "FocalNet",
    "gcvit": "GC ViT",
    "gernet": "GERNet",
    "ghostnet": "GhostNet",
    "gmlp": "gMLP",
    "hgnet": "HGNet",
    "hgnetv2": "HGNetV2",
    "hrnet": "HRNet",
    "levit": "LeViT",
    "mambaout": "MambaOut",
    "mixer": "MLP-Mixer",
    "mobileone": "MobileOne",
    "mobilevit": "MobileViT",
    "mobilevitv2": "MobileViTV2",
    "mvitv2": "MViTV2",
    "nest": "NesT",
    "nextvit": "Next-ViT",
    "pit": "PiT",
    "poolformer": "PoolFormer",
    "poolformerv2": "PoolFormerV2",
    "pvt": "PVTv2",
    "rdnet": "RDNet",
    "repvgg": "RepVGG",
    "repvit": "RepViT",
    "resmlp": "ResMLP",
    "rexnet": "ReXNet",
    "rexnetr": "ReXNet",
    "selecsls": "SelecSLS",
    "sequencer2d": "Sequencer",
    "shvit": "SHViT",
    "starnet": "StarNet",
    "swiftformer": "SwiftFormer",
    "tnt": "TNT",
    "tresnet": "TResNet",
    "twins": "Twins",
    "vgg": "VGG",
    "visformer": "Visformer",
    "vitamin": "ViTamin",
    "volo": "VOLO",
    "xcit": "XCiT",
}
"""How a family is written whose name is the first word of timm's."""


def family_of(model_name: str) -> str:
    """Return the family of a timm name, tag or not; of an unknown kind of name its first word."""
    architecture = architecture_of(model_name)
    for pattern, family in _BY_PATTERN:
        if found := pattern.match(architecture):
            return found.expand(family)
    first = re.match(r"[a-z]+(?:v2|2d)?", architecture)
    word = first[0] if first else architecture
    return _WORDS.get(word, word)


def pretraining_of(model_name: str) -> str:
    """Return which of `PRETRAININGS` a tag names; a tag that names no larger collection has seen ImageNet-1k alone.

    Names without a tag, which older tables use, carry the same words behind an underscore.
    """
    architecture, _, tag = model_name.partition(".")
    words = tag or architecture.replace("_clip", "")  # in an architecture's name it is a kind of layout
    if _WEB.search(words):
        return WEB
    return IN22K if _FULL_IMAGENET.search(words) else IN1K


def group_name(family: str, pretraining: str) -> str:
    """Return what a family with its pre-training is called: `"ConvNeXt"`, `"ConvNeXt · ImageNet-22k"`."""
    return family if pretraining == IN1K else f"{family} · {pretraining}"
