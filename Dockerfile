# The app in a container: docker build -t handwriting . && docker run -p 8501:8501 -v handwriting:/data handwriting
# docs/operations.md says how much memory it takes and what goes in front of it.
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 \
    HCR_DATA_DIR=/data/sets HCR_CACHE_DIR=/data/cache HCR_IMPORTED_DIR=/data/imported \
    HCR_CORRECTIONS_DIR=/data/corrections HCR_MODELS_DIR=/data/models HCR_RUNS_DIR=/data/runs

WORKDIR /app
COPY requirements.txt .
RUN pip install -r requirements.txt && useradd --uid 10001 app && mkdir /data && chown app /data
COPY . .
USER app
VOLUME /data
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://localhost:8501/_stcore/health', timeout=4)"]
# Without a shell between, so that a stop reaches Streamlit, which ends at once and in order.
CMD ["python", "-m", "streamlit", "run", "streamlit_app.py", "--server.port", "8501", "--server.address", "0.0.0.0"]
