# Measure on the machine that will run the model: start this container there, with the CPUs it will have.
#   docker build -t backbone-bakeoff .
#   docker run --rm -p 8501:8501 -v bakeoff-state:/state backbone-bakeoff
# It answers to localhost alone. To open it by the name or address of the machine it runs on, give that to `docker run`:
#   -e BAKEOFF_ALLOWED_HOSTS=box.lab,192.168.1.5
FROM python:3.11-slim

RUN useradd --create-home --uid 1000 bakeoff \
    && mkdir /state && chown bakeoff /state
WORKDIR /app

# On a machine without a GPU, PyTorch's index of CPU builds makes the image several GB smaller; name it with
#   docker build --build-arg PIP_EXTRA_INDEX_URL=... -t backbone-bakeoff .
ARG PIP_EXTRA_INDEX_URL=
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt

COPY app.py ./
COPY .streamlit .streamlit
COPY pages pages
COPY bakeoff_core bakeoff_core

USER bakeoff
ENV BAKEOFF_HOME=/state PYTHONUNBUFFERED=1
VOLUME /state
EXPOSE 8501
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://localhost:8501/_stcore/health', timeout=2)"]
# Only here does the server listen beyond the local machine: the container's own port mapping decides who reaches it, and
# BAKEOFF_ALLOWED_HOSTS by which names.
CMD ["python", "-m", "streamlit", "run", "app.py", "--server.address=0.0.0.0", "--browser.serverAddress=localhost"]
