# syntax=docker/dockerfile:1
# The pages and the command line. How to build and run it, and who can reach it then:
# docs/how-to/container.md
FROM python:3.11-slim

# Empty: torch as the lock has it, which brings CUDA and works on processors too. An index that has
# torch for processors alone: that one, without CUDA's libraries.
ARG TORCH_INDEX=""

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PYTHONPATH=/app \
    BLINDFOLD_CACHE=/cache

WORKDIR /app

# The lock is complete, which is what --no-deps is for; it comes first so that a change of the
# program alone installs nothing anew.
COPY requirements.txt ./
RUN if [ -z "$TORCH_INDEX" ]; then \
        pip install --no-deps -r requirements.txt; \
    else \
        grep -vE '^(nvidia-|cuda-|triton)' requirements.txt > /tmp/processors.txt \
        && pip install --no-deps --extra-index-url "$TORCH_INDEX" -r /tmp/processors.txt \
        && rm /tmp/processors.txt; \
    fi

COPY . .

# A user without rights (blindfold), who owns the cache and nothing else. Faces are personal data: the folder
# is closed to everybody else.
RUN useradd --create-home --uid 10001 blindfold \
    && install --directory --owner=blindfold --group=blindfold --mode=0700 /cache
USER 10001
VOLUME ["/cache"]

EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]

# Every address of the container, since its own localhost reaches nobody outside; who may come in
# is decided where the port is published.
CMD ["python", "-m", "streamlit", "run", "streamlit_app.py", "--server.address=0.0.0.0", "--server.headless=true"]
