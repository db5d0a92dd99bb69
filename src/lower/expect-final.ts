/**
 * EMIT ON WINDOW CLOSE promises that a row, once given, stands: the plan must have an aggregation that emits when its
 * window closes, and nothing above it may take rows back.
 */

import { notSupported } from '../base/errors.ts';
import type { NodeList } from './node-list.ts';

/** Throws 0A000 when the promise cannot be kept. */
export function expectFinal(root: number, nodes: NodeList): void {
  const reached: number[] = [root];
  for (let i = 0; i < reached.length; i++) {
    for (const input of nodes.at(reached[i]!).inputs) {
      if (!reached.includes(input)) reached.push(input);
    }
  }
  const closes = reached.some((id) => {
    const node = nodes.at(id);
    const aggregates = node.kind === 'aggregate' || node.kind === 'session-aggregate';
    return aggregates && node.emit === 'window-close';
  });
  if (!closes) {
    throw notSupported('EMIT ON WINDOW CLOSE without a windowed aggregation', {
      detail: 'Nothing in the query is known to be final when a window closes.',
      hint:
        'Group by window_start and window_end of TUMBLE, HOP, CUMULATE or SESSION over an ' +
        'append-only relation whose time column has a WATERMARK.',
    });
  }
  if (!nodes.at(root).appendOnly) {
    throw notSupported('EMIT ON WINDOW CLOSE over results that are revised', {
      detail: 'An operator above the windowed aggregation takes back rows that it gave before.',
      hint: 'Put that part of the query in a second view over this one.',
    });
  }
}
