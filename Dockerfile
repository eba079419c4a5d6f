# The image of every Landkarte service; which one it is, the command says.
FROM python:3.13.9-slim-trixie AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build

# What changes least comes first, so that a change of code does not fetch the dependencies again.
COPY requirements.lock requirements-build.lock ./
RUN python -m venv /opt/landkarte \
    && /opt/landkarte/bin/pip install --require-hashes -r requirements.lock \
    && pip install --require-hashes -r requirements-build.lock

COPY pyproject.toml README.md LICENSE ./
COPY events events
COPY graph graph
COPY inventory inventory
COPY services services
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
    && /opt/landkarte/bin/pip install --no-deps --no-index /wheels/*.whl


FROM python:3.13.9-slim-trixie

# A number and not a name, so that `runAsNonRoot` of an orchestrator can check it.
RUN groupadd --gid 10001 landkarte \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/landkarte landkarte \
    && install -d -o landkarte -g landkarte -m 0750 /var/lib/landkarte
COPY --from=build /opt/landkarte /opt/landkarte

ENV PATH=/opt/landkarte/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    LANDKARTE_DATA_DIR=/var/lib/landkarte
USER 10001:10001
WORKDIR /var/lib/landkarte
VOLUME /var/lib/landkarte
EXPOSE 8421

ENTRYPOINT ["landkarte"]
CMD ["--help"]
