/**
 * Printing timestamps by a template, many times: templates are taken apart once, and as long as times fall into
 * the same day, hour, minute or second, whichever the template shows last, the text printed before is given again.
 */

import { printTemplate, timeOfTimestamp } from './time-print.ts';
import { parseTemplate, type TemplateNode } from './time-template.ts';

/** A template, ready to print. */
interface Printer {
  readonly nodes: readonly TemplateNode[];
  /** Microseconds within which the text stays the same. */
  readonly step: number;
  /** Number of the step that was printed last, and its text. */
  last: number;
  text: string;
}

const minute = 60_000_000;
const hour = 60 * minute;
const day = 24 * hour;
const printersMax = 64;

const hourFields: ReadonlySet<string> = new Set(['HH', 'HH12', 'HH24', 'AM', 'PM', 'A.M.', 'P.M.']);
const dayFields: ReadonlySet<string> = new Set([
  ...['Y,YYY', 'YYYY', 'YYY', 'YY', 'Y', 'IYYY', 'IYY', 'IY', 'I', 'MONTH', 'MON', 'MM', 'RM', 'Q'],
  ...[
    'DAY',
    'DDD',
    'DD',
    'DY',
    'D',
    'ID',
    'IDDD',
    'IW',
    'WW',
    'W',
    'J',
    'CC',
    'AD',
    'BC',
    'A.D.',
    'B.C.',
  ],
]);

export class TimePrinters {
  readonly #printers = new Map<string, Printer>();

  /** `at` in microseconds, finite and without a time zone; `template` in PostgreSQL's letters. */
  print(at: bigint, template: string): string {
    const printer = this.#printer(template);
    const micros = Number(at);
    const step =
      printer.step > 1 && Number.isSafeInteger(micros) ? Math.floor(micros / printer.step) : NaN;
    if (step === printer.last) return printer.text;
    printer.text = printTemplate(printer.nodes, timeOfTimestamp(at, null));
    printer.last = step;
    return printer.text;
  }

  /** The parts of a template. */
  nodes(template: string): readonly TemplateNode[] {
    return this.#printer(template).nodes;
  }

  #printer(template: string): Printer {
    const known = this.#printers.get(template);
    if (known !== undefined) return known;
    const nodes = parseTemplate(template);
    const printer = { nodes, step: stepOf(nodes), last: NaN, text: '' };
    if (this.#printers.size >= printersMax) {
      const [oldest] = this.#printers.keys();
      this.#printers.delete(oldest!);
    }
    this.#printers.set(template, printer);
    return printer;
  }
}

function stepOf(nodes: readonly TemplateNode[]): number {
  let step = day;
  for (const node of nodes) {
    if (node.kind === 'text' || dayFields.has(node.name)) continue;
    if (hourFields.has(node.name)) step = Math.min(step, hour);
    else if (node.name === 'MI') step = Math.min(step, minute);
    else if (node.name === 'SS') step = Math.min(step, 1_000_000);
    else return 1;
  }
  return step;
}
