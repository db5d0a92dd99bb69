/**
 * Work of the benchmark in processes of its own: this program is started once more with `bench` and a hidden
 * subcommand, and says over the channel between the two how far it is and what came out.
 */

import { fork } from 'node:child_process';
import { must } from '../base/assert.ts';

type Message<T> =
  | { readonly kind: 'progress'; readonly part: number }
  | { readonly kind: 'done'; readonly outcome: T }
  | { readonly kind: 'failed'; readonly message: string };

/** Runs `millrace bench ARGS` and gives what it hands back. Fails with the message of the other process. */
export function fromChild<T>(
  args: readonly string[],
  progress: (part: number) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const program = must(process.argv[1], 'path of the program');
    const child = fork(program, ['bench', ...args]);
    let last: Message<T> | null = null;
    child.on('message', (message: Message<T>) => {
      if (message.kind === 'progress') progress(message.part);
      else last = message;
    });
    // Comes after the last message, also when the process ends early.
    child.once('disconnect', () => {
      if (last?.kind === 'done') resolve(last.outcome);
      else if (last?.kind === 'failed') reject(new Error(last.message));
      else reject(new Error('a run ended without a result'));
    });
  });
}

/** The other side: does `work` and hands its outcome, or its failure, to the process that started this one. */
export async function asChild<T>(
  work: (progress: (part: number) => void) => Promise<T>,
): Promise<void> {
  const tell = (message: Message<T>): Promise<void> =>
    new Promise((sent) => process.send?.(message, () => sent()));
  try {
    const outcome = await work((part) => void tell({ kind: 'progress', part }));
    await tell({ kind: 'done', outcome });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    await tell({ kind: 'failed', message });
  }
  process.disconnect();
}
