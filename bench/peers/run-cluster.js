// Runs makeServer() in WORKERS processes on PORT and replaces those that die.
// The scheduling policy is Node's own NODE_CLUSTER_SCHED_POLICY=rr|none.
'use strict';
const cluster = require('node:cluster');

module.exports = function runCluster(makeServer) {
  if (!cluster.isPrimary) {
    makeServer().listen({ port: Number(process.env.PORT), backlog: 4096 });
    return;
  }
  for (let i = 0; i < Number(process.env.WORKERS); i++)
    cluster.fork();
  cluster.on('exit', () => cluster.fork());
};
