extension PackageTemplate {
    /// conf/server.conf.
    var configuration: String {
        """
        // Everything on this machine, in one process.
        {
            "Module": {
                "\(name.module)": [
                    { "Id": "127.0.0.1:\(name.module)", "Host": "127.0.0.1", "Settings": { "Greeting": "Hello" } }
                ],
                "Gate": [
                    {
                        "Id": "127.0.0.1:Gate", "Host": "127.0.0.1",
                        "Settings": { "TCPAddr": ":3563", "WSAddr": ":3653", "MaxConnNum": 1000 }
                    }
                ]
            }
        }

        """
    }

    /// The image's name, and the project's: small letters only.
    private var image: String { name.program.lowercased() }

    var dockerfile: String {
        """
        # docker compose up --build
        FROM swift:6.3-bookworm AS build
        WORKDIR /src
        \(frameworkInImage)COPY Package.swift Package.resolved* ./
        COPY Sources Sources
        COPY Tests Tests
        # The cache keeps dependencies and what was compiled, so that the next build compiles what changed. The runtime is part of
        # the program. Debug builds, so tests too, check for overlapping accesses to variables; this one does not.
        RUN --mount=type=cache,id=\(image)-build,target=/src/.build,sharing=locked \\
            swift build -c release --static-swift-stdlib -Xswiftc -enforce-exclusivity=unchecked --product \(name.program) \\
            && strip --strip-debug -o /\(name.program) .build/release/\(name.program)

        FROM debian:bookworm-slim
        RUN apt-get update \\
            && apt-get install -y --no-install-recommends ca-certificates libstdc++6 \\
            && rm -rf /var/lib/apt/lists/* \\
            && useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin server
        WORKDIR /opt/\(name.program)
        COPY conf conf
        COPY --from=build /\(name.program) /usr/local/bin/\(name.program)
        USER server
        EXPOSE 3563 3653
        ENTRYPOINT ["\(name.program)"]

        """
    }

    /// Where the framework is a checkout, docker-compose.yml names its folder.
    private var frameworkInImage: String {
        guard case .checkout = framework else { return "" }
        return """
            COPY --from=mqantserver Package.swift /mqantserver/
            COPY --from=mqantserver Sources /mqantserver/Sources
            COPY --from=mqantserver Tests /mqantserver/Tests
            ENV MQANTSERVER=/mqantserver

            """
    }

    var dockerIgnore: String {
        """
        # All but what the Dockerfile copies.
        *
        !Package.swift
        !Package.resolved
        !Sources
        !Tests
        !conf

        """
    }

    /// docker-compose.yml.
    var compose: String {
        """
        # docker compose up --build
        name: \(image)
        services:
          server:
            image: \(image)
            build:
              context: .
        \(contextOfFramework)    ports:
              - "3563:3563"
              - "3653:3653"
            healthcheck:
              test: ["CMD", "\(name.program)", "health"]
              interval: 5s
              timeout: 5s
              retries: 3
              start_period: 10s
            restart: unless-stopped
            stop_grace_period: 15s # it takes 10 s at most to finish what it has in hand
            read_only: true
            cap_drop: [ALL]
            security_opt: ["no-new-privileges:true"]

        """
    }

    private var contextOfFramework: String {
        guard case .checkout(let folder) = framework else { return "" }
        return """
                  additional_contexts:
                    mqantserver: "${MQANTSERVER:-\(folder)}"

            """
    }

    /// README.md.
    var readme: String {
        """
        # \(name.text)

        A server on mqantserver with one module, `\(name.module)`, in `Sources/\(name.module)`.

            swift test
            swift run \(name.program)
            mosquitto_rr -V mqttv311 -p 3563 -t \(name.module)/Handler_Hello/1 -e \(name.module)/Handler_Hello/1 -m '{"name":"Ada"}'

        The answer is `{"Error":"","Result":"Hello, Ada!"}`. `conf/server.conf` says what runs where; `swift run \(name.program) check`
        says whether it is right.

        """
    }
}
