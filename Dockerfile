# Facetscope in one image: dependencies in the first stage, the application and nothing else in the second.
FROM python:3.12.12-slim-bookworm AS build
COPY --from=ghcr.io/astral-sh/uv:0.13.9 /uv /usr/local/bin/uv
WORKDIR /facetscope
ENV UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_PYTHON_DOWNLOADS=never
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-dev --extra postgres --extra s3

FROM python:3.12.12-slim-bookworm
RUN useradd --create-home --uid 10001 facetscope && mkdir -p /data /models && chown facetscope /data /models
WORKDIR /facetscope
COPY --from=build /facetscope/.venv .venv
COPY app app
# The embedded model's card is a document: app/demo/release/README.md links to it.
COPY docs docs
# The image ships the fonts and word lists of the packages in .venv; their licences are named there.
COPY NOTICE.md LICENSE ./
COPY static static
COPY templates templates
ENV PATH=/facetscope/.venv/bin:$PATH PYTHONUNBUFFERED=1 \
    FACETSCOPE_DATA=/data FACETSCOPE_MODEL_CACHE=/models FACETSCOPE_HOST=0.0.0.0 FACETSCOPE_PORT=8000
USER facetscope
VOLUME ["/data", "/models"]
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=120s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as web; web.urlopen(f'http://127.0.0.1:{os.environ[\"FACETSCOPE_PORT\"]}/readyz', timeout=2)"]
# One worker, always: a second one would load the model a second time.
CMD ["python", "-m", "app", "serve"]
