// A chat server on the usual Node.js stack: one worker for each core, sticky
// sessions, the cluster adapter between the workers, and MessagePack on the
// sockets. It has no store: a message goes directly to the room.
"use strict";

const cluster = require("node:cluster");
const http = require("node:http");
const os = require("node:os");
const sticky = require("@socket.io/sticky");
const adapter = require("@socket.io/cluster-adapter");

if (cluster.isPrimary) primary();
else worker();

function primary() {
  const front = http.createServer();
  sticky.setupMaster(front, { loadBalancingMethod: "least-connection" });
  adapter.setupPrimary();
  cluster.setupPrimary({ serialization: "advanced" }); // the adapter sends buffers between processes
  let starting = os.availableParallelism();
  const workers = Array.from({ length: starting }, () => cluster.fork());
  cluster.on("message", (_, message) => {
    if (message !== "ready" || --starting > 0) return;
    front.listen(0, "127.0.0.1", () => console.log(`ready url=http://127.0.0.1:${front.address().port}`));
  });
  process.on("SIGTERM", () => {
    for (const w of workers) w.process.kill();
    process.exit();
  });
}

function worker() {
  const express = require("express");
  const app = express();
  app.use(require("helmet")());
  app.use(require("compression")());
  const server = http.createServer(app);
  const io = new (require("socket.io").Server)(server, { parser: require("socket.io-msgpack-parser") });
  io.adapter(adapter.createAdapter());
  sticky.setupWorker(io);

  io.on("connection", (socket) => {
    socket.on("join", (rooms, done) => {
      socket.join(rooms);
      done();
    });
    socket.on("post", (message) => {
      io.to(message.room).emit("posted", { ...message, at: Date.now() });
    });
  });
  process.send("ready");
}
