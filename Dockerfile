# Two stages: a static binary, and nothing else. The binary brings its own CA
# roots and time zones. Build with: docker build --build-arg VERSION=v1.0.0 -t khyber .
FROM golang:1.26-bookworm AS build
ARG VERSION=devel
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download && go mod verify
COPY cmd cmd
COPY internal internal
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w -buildid= -X main.version=${VERSION}" -o /out/khyber ./cmd/khyber \
 && mkdir /out/data

FROM scratch
COPY --from=build /out/khyber /khyber
COPY feeds.yaml /etc/khyber/feeds.yaml
# An empty folder of the right owner: a new named volume on /data takes it over.
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
ENV KHYBER_LISTEN=0.0.0.0:8080 \
    KHYBER_CONFIG=/etc/khyber/feeds.yaml \
    KHYBER_DATA=/data/khyber.db
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["/khyber", "healthcheck"]
ENTRYPOINT ["/khyber"]
CMD ["serve"]
