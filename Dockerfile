# The image of Pinbridge. docs/deploy.md says how it is built, run and updated.
#
#   docker build --tag pinbridge:0.1.0 .
#   docker build --target audit .                                  known vulnerabilities of what is installed
#   docker build --target sbom --output type=local,dest=. .        what is installed, as sbom.cdx.json

# The newest Python for which every dependency has a wheel. The digest is that of the index, so that it holds for
# every platform; the tag beside it only says to people what it is. Renewed together, by hand or by a bot.
FROM python:3.13.15-slim-trixie@sha256:9d2e5553305c7c7b0097999bb17187c69b921ccd6bc9d40e4bb5ebe652c00285 AS base

FROM base AS build
WORKDIR /build
COPY requirements/run.txt requirements/image.txt requirements/
# Wheels alone, by their hashes: nothing that comes from the network is run. Bytecode follows below.
RUN python -m venv /opt/tools \
    && /opt/tools/bin/python -m pip install --no-cache-dir --disable-pip-version-check \
        --only-binary :all: --require-hashes --requirement requirements/image.txt
RUN python -m venv --without-pip /opt/pinbridge \
    && /opt/tools/bin/python -m pip --python /opt/pinbridge/bin/python install --no-cache-dir --no-compile \
        --only-binary :all: --require-hashes --requirement requirements/run.txt
COPY pyproject.toml README.md LICENSE ./
COPY mappings mappings
COPY bridge bridge
RUN /opt/tools/bin/hatchling build --target wheel --directory dist \
    && /opt/tools/bin/python -m pip --python /opt/pinbridge/bin/python install --no-cache-dir --no-compile \
        --no-index --no-deps dist/*.whl \
    && /opt/tools/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible \
        --output-file /opt/pinbridge/sbom.cdx.json /opt/pinbridge/bin/python
# Checked by nobody later, since nobody can change the sources later: a start neither compiles nor compares.
RUN python -m compileall -q -f --invalidation-mode unchecked-hash /opt/pinbridge/lib

FROM scratch AS sbom
COPY --from=build /opt/pinbridge/sbom.cdx.json /

# Not on the way to the image: what is known of vulnerabilities changes by the day, and a build should not.
FROM build AS audit
RUN /opt/tools/bin/pip-audit --strict --disable-pip --require-hashes --requirement requirements/run.txt

FROM base
LABEL org.opencontainers.image.title="Pinbridge" \
    org.opencontainers.image.description="Turns webhooks into dashboard pins" \
    org.opencontainers.image.version="0.1.0" \
    org.opencontainers.image.licenses="MIT"
# The base brings its library as sources alone, and an installer that a running bridge has no use for. Who runs it
# may be changed (--user), so the one folder that is written to is open to anybody, as /tmp is.
RUN python -m compileall -q -f --invalidation-mode unchecked-hash /usr/local/lib/python3.* \
    && python -m pip uninstall --yes --root-user-action ignore pip \
    && mkdir --mode 1777 /data && mkdir /mappings
COPY --from=build /opt/pinbridge /opt/pinbridge
ENV PATH=/opt/pinbridge/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    HOST=0.0.0.0 \
    PORT=8080 \
    PINBRIDGE_DATABASE=sqlite:////data/pinbridge.db \
    PINBRIDGE_MAPPINGS=/mappings
WORKDIR /data
VOLUME ["/data"]
EXPOSE 8080
USER 10001:10001
STOPSIGNAL SIGTERM
# Alive, not ready: a full disk is no reason to end the process that waits for room.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 CMD ["python", "-ISc", "import os, sys, http.client; bridge = http.client.HTTPConnection('127.0.0.1', int(os.environ['PORT'] or 8080), timeout=4); bridge.request('GET', '/healthz'); sys.exit(bridge.getresponse().status != 200)"]
ENTRYPOINT ["pinbridge"]
CMD ["serve"]
