# Hangtag's service for CPUs (ENGINE=cpu) or NVIDIA GPUs (ENGINE=gpu). `make image` builds it, docs/adr/0007-container.md
# says why it is as it is. Two targets: `service`, which is given its archive when it starts, and `with-archive`.
ARG BASE_IMAGE=python:3.11-slim-bookworm

# --- What serving needs of the locked packages, and no more.
FROM ${BASE_IMAGE} AS packages
ARG ENGINE=cpu
WORKDIR /build
COPY pyproject.toml requirements.lock ./
COPY deploy/container/requirements.py deploy/container/trim.py ./
# onnxruntime-gpu is another build of onnxruntime, of the same version.
RUN python requirements.py pyproject.toml image "image-${ENGINE}" > requirements.txt \
    && sed 'p; s/^onnxruntime==/onnxruntime-gpu==/' requirements.lock > constraints.txt \
    && python -m venv --without-pip /opt/hangtag \
    && python -m pip --python /opt/hangtag/bin/python install --no-cache-dir --no-compile \
        --constraint constraints.txt --requirement requirements.txt \
    && /opt/hangtag/bin/python trim.py

# --- The service.
FROM ${BASE_IMAGE} AS service
# Without a version: Debian keeps only the newest, and the base image says which Debian it is.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends tini \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/cache/ldconfig /var/cache/debconf/* /var/log/* \
    && useradd --uid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin hangtag \
    # Docker gives a new volume the owner of the folder that it covers.
    && install --directory --owner=10001 --group=10001 /models

COPY --from=packages /opt/hangtag /opt/hangtag
WORKDIR /app
COPY hangtag hangtag
COPY server server
COPY service service
COPY serve_config serve_config
COPY deploy/container/healthcheck.py .

# Options of `serve`. Everything that is written goes to /tmp; the rest may be read-only. Ports stay on loopback as long
# as HANGTAG_HOST says nothing else; that of the management does in any case.
ENV PATH=/opt/hangtag/bin:${PATH} \
    HOME=/tmp \
    PYTHONPYCACHEPREFIX=/tmp/bytecode \
    PYTHONUNBUFFERED=1 \
    HANGTAG_ARCHIVE=/models/tagger.mar \
    HANGTAG_HOST=0.0.0.0 \
    HANGTAG_LOGS=/tmp/logs \
    HANGTAG_PRINT_LOGS=true \
    HANGTAG_GRACE_S=30 \
    HANGTAG_BACKEND=torchserve
USER 10001:10001
# 8080: the API; 8082: metrics.
EXPOSE 8080 8082
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s --retries=3 CMD ["python", "healthcheck.py"]
# tini buries the workers that nobody else does.
ENTRYPOINT ["tini", "--", "python", "-m", "hangtag.cli"]
CMD ["serve"]

# Last, as they are other ones with every commit.
ARG ENGINE=cpu
ARG VERSION=unknown
ARG REVISION=unknown
ARG BASE_IMAGE
LABEL org.opencontainers.image.title="Hangtag" \
      org.opencontainers.image.description="Reads product photos and writes attribute tags in the retailer's own label IDs (${ENGINE})." \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="${BASE_IMAGE}"

# --- The service with an archive in it, for where there is no store to fetch one from.
FROM service AS with-archive
ARG ARCHIVE=model_store/tagger.mar
COPY ${ARCHIVE} /models/tagger.mar
