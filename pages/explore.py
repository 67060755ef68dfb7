"""The Explore page: machines that others published, what they are worth here, and where the cost of models sits."""

import streamlit as st

from pages.parts import anatomy_view, explore_view, names_job, origins, published_import, sidebar, why_measure

sidebar.require_app()
st.markdown("## Explore")
anatomy_view.land_here()
names_job.ensure_listed()
published, fault = origins.published()
if fault:
    st.error(fault)
here = origins.measured_here()
known = [*([here] if here else []), *published]
explore_view.draw([*published, *([here] if here else []), origins.catalogue()])
why_measure.draw([origin for origin in known if origin.is_inference])
published_import.draw(readable=not fault)
anatomy_view.draw()
