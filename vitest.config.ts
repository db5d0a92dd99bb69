import { defineConfig } from 'vitest/config';
import { LastLine } from './src/testing/last-line.ts';

/** SQL files are text, as in the built program. */
const sqlText = {
  name: 'sql-text',
  transform: (source: string, id: string) =>
    id.endsWith('.sql') ? `export default ${JSON.stringify(source)};` : null,
};

export default defineConfig({
  plugins: [sqlText],
  test: {
    include: ['src/**/*.test.ts'],
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 180_000,
    reporters: ['default', new LastLine()],
  },
});
