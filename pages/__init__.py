"""The pages of the dashboard, a thin file each."""
