# Doorward as an image: compiled in one stage, run in another that holds nothing but the program. It runs as an ordinary
# user, needs no capability, and writes to the volume and /tmp only, so that it works with a read-only root file system.
# The base is pinned by its tag; pin it by digest (node:24-slim@sha256:…) where images are built for production.

FROM node:24-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY bin ./bin
COPY src ./src
RUN npm run build
RUN npm prune --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:24-slim
LABEL org.opencontainers.image.title="Doorward" \
      org.opencontainers.image.description="A secrets vault and credential broker for AI agents" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN install -d -o 1000 -g 1000 -m 0700 /var/lib/doorward
WORKDIR /app
COPY package.json LICENSE ./
COPY bin ./bin
COPY catalogue ./catalogue
COPY migrations ./migrations
COPY --from=build /build/node_modules ./node_modules
COPY --from=build /build/dist ./dist
ENV NODE_ENV=production \
    DOORWARD_DATA_DIR=/var/lib/doorward/data \
    DOORWARD_LISTEN=0.0.0.0:7420
USER 1000:1000
VOLUME /var/lib/doorward
EXPOSE 7420
STOPSIGNAL SIGTERM
# By the admin socket, whatever address the server listens on.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "require('node:http').get({ socketPath: process.env.DOORWARD_DATA_DIR + '/admin.sock', path: '/healthz' }, ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]
ENTRYPOINT ["node", "/app/bin/doorward.js"]
CMD ["serve"]
