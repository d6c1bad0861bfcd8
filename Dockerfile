# An empty image with a static binary. The data is in /data.
FROM golang:1.26.11 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w -X main.release=${VERSION}" -o /parley . \
    && mkdir /data

FROM scratch
COPY --from=build /parley /parley
COPY --from=build --chown=65532:65532 /data /data
USER 65532:65532
WORKDIR /data
VOLUME /data
EXPOSE 8080
ENV PARLEY_LISTEN=:8080 PARLEY_STORE=sqlite:/data/parley.db
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 CMD ["/parley", "health"]
ENTRYPOINT ["/parley"]
