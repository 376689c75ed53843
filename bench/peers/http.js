// Node's own http server on its own cluster: the plainest server in Node.
'use strict';
const http = require('node:http');

require('./run-cluster.js')(() => http.createServer((req, res) => {
  if (req.method !== 'GET' || req.url !== '/get') {
    res.writeHead(404).end();
    return;
  }
  res.writeHead(200, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': 9,
  });
  res.end('something');
}));
