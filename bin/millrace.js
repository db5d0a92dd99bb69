#!/usr/bin/env node
// Starts the command line. `npm run build` puts the compiled program into dist/.
import { existsSync } from 'node:fs';

const entry = new URL('../dist/cli/main.js', import.meta.url);
if (!existsSync(entry)) {
  process.stderr.write('millrace: not built yet; run: npm run build\n');
  process.exit(1);
}
const { main } = await import(entry.href);
await main(process.argv);
