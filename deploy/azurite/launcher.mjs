// Runs Azurite's blob service in this process, on a free loopback port unless --port names one, and ends when its
// standard input closes: whoever started it may die in any way and leaves nothing behind.
//
//   node launcher.mjs --location <folder> [--port <number>]
//   node launcher.mjs --memory [--port <number>]
//
// With --location Azurite writes its whole catalogue of blobs down every 5 seconds, and answers nobody meanwhile: 0.3 to 0.7 s with
// some ten thousand blobs. A kill -9 or a power cut loses what it took since: not for data that you want to keep. With --memory it
// writes nothing, and forgets all at its end. What no blob refers to any more it removes at its start and once a day, where Azurite by
// itself does so every 10 minutes, and answers nobody until all of it is gone: 50 s after some ten thousand writes.
// Prints Azurite's own lines; the one with "listens on http://127.0.0.1:<port>" says that it is ready.
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    location: { type: 'string' },
    memory: { type: 'boolean', default: false },
    port: { type: 'string', default: '0' },
  },
});
if (!values.location === !values.memory) {
  console.error('launcher.mjs needs either --location <folder> or --memory.');
  process.exit(2);
}

// Azurite closes its files, but waits for connections to end that clients keep: not for longer than this.
const limit = () => setTimeout(() => process.exit(1), 5000).unref();
process.on('SIGTERM', limit).on('SIGINT', limit);
const stop = () => process.kill(process.pid, 'SIGTERM');
for (const output of [process.stdout, process.stderr]) {
  output.on('error', () => {}); // Nobody reads any more; the files are still to be closed.
}
process.stdin.on('end', stop).on('error', stop).resume();

const require = createRequire(import.meta.url);
require('azurite/dist/src/blob/utils/constants.js').DEFAULT_GC_INTERVAL_MS = 24 * 60 * 60 * 1000;
const main = require.resolve('azurite/dist/src/blob/main.js');
process.argv = [
  process.argv[0], main,
  ...(values.memory ? ['--inMemoryPersistence'] : ['--location', values.location]),
  '--blobHost', '127.0.0.1',
  '--blobPort', values.port,
  '--blobKeepAliveTimeout', '600', // Clients keep connections longer than the default of 5 seconds.
  '--skipApiVersionCheck', '--disableTelemetry', '--silent',
];
require(main);
