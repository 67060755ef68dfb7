"""The Explore page: machines that others published, what they are worth here, and where the cost of models sits."""

import streamlit as st

from pages.parts.common import app_start, timm_names_job
from pages.parts.explore import anatomy, landscape, origins, published_import, why_measure

app_start.require_app()
st.markdown("## Explore")
anatomy.scroll_here_if_linked()
timm_names_job.ensure_listed()
published, fault = origins.published()
if fault:
    st.error(fault)
here = origins.measured_here()
known = [*([here] if here else []), *published]
landscape.draw([*published, *([here] if here else []), origins.catalogue()])
why_measure.draw([origin for origin in known if origin.is_inference])
published_import.draw(readable=not fault)
anatomy.draw()
