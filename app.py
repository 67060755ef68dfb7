"""Backbone Bake-off: who may ask, page configuration and navigation, nothing else.

`streamlit run app.py` imports this file once and serves the `app` it finds. For every visit of a page the server then
runs it again, as a script (`__main__`).
"""

import streamlit as st

if __name__ != "__main__":
    from pages.parts.common import serving
    from pages.parts.frontier import live_route

    app = st.App(
        __file__,
        routes=[live_route.route()],
        middleware=serving.middleware(),
        lifespan=serving.until_told_to_stop,
    )
else:
    from pages.parts.common import sidebar, state_folder

    st.set_page_config(page_title="Backbone Bake-off", page_icon="pages/parts/common/icon.svg", layout="wide")
    page = st.navigation(
        [
            st.Page("pages/frontier.py", title="Frontier", icon=":material/show_chart:", default=True),
            st.Page("pages/measure.py", title="Measure", icon=":material/timer:"),
            st.Page("pages/finetune.py", title="Fine-tune", icon=":material/model_training:"),
            st.Page("pages/rank.py", title="Rank", icon=":material/leaderboard:"),
            st.Page("pages/checklist.py", title="Checklist", icon=":material/checklist:"),
            st.Page("pages/explore.py", title="Explore", icon=":material/scatter_plot:"),
            st.Page("pages/report.py", title="Report", icon=":material/description:"),
        ]
    )
    state_folder.require_usable()
    sidebar.draw()
    page.run()
