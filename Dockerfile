# One image for all services of docker-compose.yml. Its own default is the demo in one process:
#   docker build -t mqantserver . && docker run --rm -p 3563:3563 -p 3653:3653 -p 8080:8080 mqantserver
ARG SWIFT_VERSION=6.3
ARG DEBIAN_RELEASE=bookworm

FROM swift:${SWIFT_VERSION}-${DEBIAN_RELEASE} AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends librabbitmq-dev libsqlite3-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
# Tests because Package.swift names them; they are not built.
COPY Package.swift Package.resolved* ./
COPY Sources Sources
COPY Tests Tests
# The cache keeps dependencies and what was compiled, so that the next build compiles what changed. The flags are those of
# scripts/setup.sh: the image below needs no Swift.
RUN --mount=type=cache,id=mqantserver-build,target=/src/.build,sharing=locked \
    swift build -c release --static-swift-stdlib -Xswiftc -enforce-exclusivity=unchecked --product mqantserver \
    && strip --strip-debug -o /mqantserver .build/release/mqantserver

# The page with MQTT.js. Where scripts/bundle-web has run beside the Dockerfile, its file is taken, and no package is fetched.
FROM debian:${DEBIAN_RELEASE}-slim AS page
WORKDIR /src
COPY scripts/bundle-web scripts/
COPY clients/web clients/web
RUN if [ ! -f clients/web/vendor/mqtt.js ]; then \
        apt-get update && apt-get install -y --no-install-recommends esbuild node-mqtt node-buffer && scripts/bundle-web; \
    fi && rm -r clients/web/bundle clients/web/README.md

FROM debian:${DEBIAN_RELEASE}-slim
# What the program links, and the authorities that vouch for a broker at amqps://.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates librabbitmq4 libsqlite3-0 libstdc++6 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin mqant
WORKDIR /opt/mqantserver
COPY conf conf
COPY --from=page /src/clients/web clients/web
COPY --from=build /mqantserver /usr/local/bin/mqantserver
USER mqant
EXPOSE 3563 3653 8080
ENTRYPOINT ["mqantserver"]
