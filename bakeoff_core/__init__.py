"""Everything of Backbone Bake-off that is true without a browser.

The pages and the command line are two faces of the calls made here. Nothing in
this package imports streamlit, and only the workers import torch and timm.
"""

__version__ = "0.1.0"
