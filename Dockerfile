# One static binary on an empty base.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -tags nomsgpack -ldflags "-s -w -X main.version=${VERSION}" -o /bellwire ./cmd/bellwire && mkdir /empty

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /bellwire /bellwire
# An empty folder that the user below owns, for the SQLite database.
COPY --from=build --chown=65532:65532 /empty /data
USER 65532:65532
WORKDIR /data
VOLUME /data
EXPOSE 8080
ENV BELLWIRE_ADDR=0.0.0.0:8080
ENTRYPOINT ["/bellwire"]
CMD ["serve"]
