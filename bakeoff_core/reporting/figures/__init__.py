"""Pictures, as Plotly figures and for the report as SVG."""
