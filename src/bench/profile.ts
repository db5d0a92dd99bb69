/** CPU profiles of what the benchmark runs: taken with Node's own inspector, written to a file, summed up. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Session, type Profiler } from 'node:inspector/promises';
import { basename, dirname } from 'node:path';

const samplingMicros = 500;

/** Runs `run` under the profiler and writes the profile to `file`, which Chrome's developer tools open. */
export async function profiled<T>(file: string, run: () => Promise<T>): Promise<T> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: samplingMicros });
  await session.post('Profiler.start');
  try {
    return await run();
  } finally {
    const { profile } = await session.post('Profiler.stop');
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify(profile));
    session.disconnect();
  }
}

export interface SelfTime {
  readonly place: string;
  readonly ms: number;
  /** Of all time that was not idle. */
  readonly share: number;
}

/** The functions with the most time in themselves, longest first. */
export function topFunctions(file: string, most: number): SelfTime[] {
  const profile = JSON.parse(readFileSync(file, 'utf8')) as Profiler.Profile;
  const places = new Map(profile.nodes.map((node) => [node.id, placeOf(node)]));
  const times = new Map<string, number>();
  let total = 0;
  const { samples = [], timeDeltas = [] } = profile;
  for (const [index, id] of samples.entries()) {
    const place = places.get(id) ?? '';
    if (place === '(idle)') continue;
    // A sample stands for the time until the next one.
    const micros = timeDeltas[index + 1] ?? 0;
    total += micros;
    times.set(place, (times.get(place) ?? 0) + micros);
  }
  return [...times]
    .sort(([, a], [, b]) => b - a)
    .slice(0, most)
    .map(([place, micros]) => ({ place, ms: micros / 1000, share: micros / total }));
}

function placeOf({ callFrame }: Profiler.ProfileNode): string {
  const { functionName, url, lineNumber } = callFrame;
  const name = functionName === '' ? '(anonymous)' : functionName;
  if (/^\((idle|program|garbage collector|root)\)$/.test(name)) return name;
  return `${name} ${url === '' ? 'generated' : basename(url)}:${lineNumber + 1}`;
}
