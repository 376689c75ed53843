// Express 5 on Node's cluster: the program that examples/hello is modelled on.
'use strict';
const http = require('node:http');
const express = require('express');

require('./run-cluster.js')(() => {
  const app = express();
  app.get('/get', (req, res) => {
    res.type('text/plain').send('something');
  });
  app.post('/post', (req, res) => {
    res.status(201).type('text/plain').send('posted');
  });
  return http.createServer(app);
});
