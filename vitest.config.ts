import { defineConfig } from 'vitest/config';
import { LastLine } from './src/testing/last-line.ts';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts'],
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 180_000,
    reporters: ['default', new LastLine()],
  },
});
