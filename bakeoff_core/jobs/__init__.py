"""Long work in processes of its own: kinds of jobs, their start and end, and what a worker says of itself."""
