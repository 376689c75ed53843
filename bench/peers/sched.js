// The same as bench/scheduling/app.c: quick, but for /block.
'use strict';
const http = require('node:http');
const sleeper = new Int32Array(new SharedArrayBuffer(4));

require('./run-cluster.js')(() => http.createServer((req, res) => {
  if (req.url === '/block')
    Atomics.wait(sleeper, 0, 0, 50);
  const text = req.url === '/pid' ? String(process.pid) : 'something';
  res.writeHead(200, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': text.length,
  });
  res.end(text);
}));
