# Builds Millrace, then keeps what it needs to run.
FROM node:20-slim AS build
WORKDIR /millrace
COPY package.json package-lock.json ./
RUN npm ci
COPY tsconfig.json ./
COPY src ./src
RUN npm run build && npm prune --omit=dev

FROM node:20-slim
ENV NODE_ENV=production
WORKDIR /millrace
COPY --from=build /millrace/node_modules ./node_modules
COPY --from=build /millrace/dist ./dist
COPY package.json README.md ./
COPY bin/millrace.js ./bin/millrace.js
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 5477
# Reachable from outside the container, so MILLRACE_PASSWORD must be set.
ENTRYPOINT ["node", "/millrace/bin/millrace.js"]
CMD ["serve", "--listen", "0.0.0.0:5477", "--data-dir", "/data"]
