// Reads an AsyncAPI document with the official parser and prints what it finds wrong and what it sees, as JSON.
const { readFileSync } = require('node:fs');
const { Parser } = require('@asyncapi/parser');

new Parser().parse(readFileSync(process.argv[2], 'utf8'), { source: process.argv[2] }).then(({ document, diagnostics }) => {
  const found = diagnostics.map((each) => `${each.path.join('.')}: ${each.message}`);
  const channels = document ? document.channels().all().map((channel) => channel.address()) : [];
  const messages = document ? document.messages().all().map((message) => message.name()) : [];
  console.log(JSON.stringify({ version: document && document.version(), found, channels, messages }));
});
