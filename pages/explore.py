"""The Explore page: machines that others published, what they are worth here, and where the cost of models sits."""

import streamlit as st

from pages.parts.common import app_start, timm_names_job
from pages.parts.explore import anatomy, landscape, origins, published_import, throughput, views, why_measure

app_start.require_app()
st.markdown("## Explore")
timm_names_job.ensure_listed()
published, fault = origins.published()
if fault:
    st.error(fault)
here = origins.measured_here()
view, place = views.open_view()
with place:
    if view == views.LANDSCAPE:
        landscape.draw([*published, *([here] if here else []), origins.catalogue()])
    elif view == views.WHY_MEASURE:
        known = [*([here] if here else []), *published]
        why_measure.draw([origin for origin in known if origin.is_inference])
    elif view == views.COST:
        anatomy.draw()
    elif view == views.TIME:
        throughput.draw()
    else:
        published_import.draw(readable=not fault)
