/** Every SQL block of README.md is run, in order, and gives the text that stands under it. */

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formatTable } from '../base/text-layout.ts';
import { inProcessSession } from '../server/in-process.ts';
import type { OpenDatabase } from '../server/open-database.ts';
import { openTestDatabase } from '../server/test-engine.ts';
import type { Session } from '../session/session-api.ts';
import { parseStatements } from '../syntax/parse.ts';
import { readRow } from '../types/column-access.ts';
import { formatText } from '../types/text-io.ts';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

interface Block {
  readonly kind: string;
  readonly text: string;
}

function blocks(text: string): Block[] {
  return [...text.matchAll(/^```(\w+(?: \w+)*)\n([\s\S]*?)^```$/gm)].map((match) => ({
    kind: match[1]!,
    text: match[2]!.trimEnd(),
  }));
}

/** Each SQL block with the tables that must come of it. */
function tutorial(): { readonly sql: string; readonly expected: readonly string[] }[] {
  const steps: { sql: string; expected: string[] }[] = [];
  for (const { kind, text } of blocks(readme)) {
    if (kind === 'sql') steps.push({ sql: text, expected: [] });
    else if (kind === 'text') steps.at(-1)!.expected.push(text);
  }
  return steps;
}

const numbers = new Set(['smallint', 'integer', 'bigint', 'numeric', 'real', 'double']);

async function run(session: Session, sql: string): Promise<string[]> {
  const tables: string[] = [];
  await session.simpleQuery(sql, async (result) => {
    if (result.kind !== 'rows') return;
    const { fields, cursor } = result;
    const types = fields.map((field) => field.type);
    const rows: string[][] = [];
    for (let batch = await cursor.next(100); batch !== null; batch = await cursor.next(100)) {
      for (let row = 0; row < batch.count; row++) {
        const values = readRow(batch, row, types);
        rows.push(values.map((value, i) => (value === null ? '' : formatText(value, types[i]!))));
      }
    }
    const align = types.map((type) => (numbers.has(type.kind) ? 'right' : 'left'));
    tables.push(
      formatTable(
        fields.map((field) => field.name),
        rows,
        { align },
      ),
    );
  });
  return tables;
}

describe('README.md', () => {
  let open: OpenDatabase;
  let session: Session;

  beforeAll(async () => {
    open = await openTestDatabase();
    session = open.sessions.open(inProcessSession());
  });

  afterAll(async () => {
    await open.abandon();
  });

  test('has a tutorial', () => {
    expect(tutorial().length).toBeGreaterThanOrEqual(5);
  });

  test.each(tutorial())('$sql', async ({ sql, expected }) => {
    // One statement a message, as psql sends them.
    const tables: string[] = [];
    for (const { span } of parseStatements(sql)) {
      tables.push(...(await run(session, sql.slice(span.start, span.end))));
    }
    expect(tables).toEqual(expected);
  });
});
