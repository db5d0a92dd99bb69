/** Each rule on a small plan: what it makes of it, as EXPLAIN prints it, and where it holds back. */

import { describe, expect, it } from 'vitest';
import type { LogicalPlan } from '../../plan/logical.ts';
import { printLogical } from '../../plan/print.ts';
import { validatePlan } from '../../plan/validate.ts';
import {
  aggregate,
  aggregateCall,
  and,
  ascending,
  col,
  constant,
  evaluation,
  field,
  filter,
  fn,
  functions,
  int,
  join,
  not,
  op,
  or,
  over,
  project,
  scan,
  sort,
} from '../../testing/plan-builder.ts';
import type { TestTable } from '../../testing/plan-builder.ts';
import { types } from '../../types/sql-type.ts';
import type { Rule } from '../rule.ts';
import { dropDistinctRule } from './drop-distinct.ts';
import { dropOrderRule } from './drop-order.ts';
import { foldLimitRule } from './fold-limit.ts';
import { joinOrderRule } from './join-order.ts';
import { mergeProjectsRule } from './merge-projects.ts';
import { orderedInputRule } from './ordered-input.ts';
import { outerJoinRule } from './outer-join.ts';
import { pruneColumnsRule } from './prune-columns.ts';
import { pushFilterRule } from './push-filter.ts';
import { simplifyRule } from './simplify.ts';
import { topNRule } from './top-n.ts';

function table(
  name: string,
  columns: readonly string[],
  keys: readonly number[][] = [],
): TestTable {
  const schema = columns.map((column) => field(column, types.integer));
  return { name, oid: name.charCodeAt(0), schema, rows: [], appendOnly: false, keys };
}

const a = scan(table('a', ['id', 'x', 'y'], [[0]]));
const b = scan(table('b', ['bid', 'z']));
const c = scan(table('c', ['cid', 'cx', 'cz']));
const yes = constant(true, types.boolean);

/** The plan after the rule, printed; null when the rule does not fire. */
function after(rule: Rule, plan: LogicalPlan): string[] | null {
  validatePlan(plan);
  const result = rule.apply(plan, { evaluation, functions });
  if (result === null) return null;
  validatePlan(result);
  return printLogical(result).split('\n');
}

describe('simplify', () => {
  it('folds constants and drops conditions that say nothing', () => {
    const plan = filter(a, and(op('=', col(a, 'x'), op('+', int(1), int(2))), yes));
    expect(after(simplifyRule, plan)).toEqual([
      'filter x = 3',
      '└─ scan table public.a (id, x, y)',
    ]);
  });

  it('leaves an expression that fails where it is', () => {
    const plan = filter(a, op('=', col(a, 'x'), op('/', int(1), int(0))));
    expect(after(simplifyRule, plan)).toBeNull();
  });

  it('does not fold what differs from row to row or run to run', () => {
    const plan = project(a, [
      ['r', fn('random')],
      ['n', fn('now')],
    ]);
    expect(after(simplifyRule, plan)).toBeNull();
  });

  it('knows that a filter on FALSE or NULL gives nothing, and what follows from that', () => {
    const none = filter(a, constant(null, types.boolean));
    expect(after(simplifyRule, join('inner', none, b, yes))).toEqual(['values 0 rows']);
    expect(after(simplifyRule, join('left', b, none, yes))?.[0]).toContain('project bid, z');
    const global = aggregate(none, [], [['n', aggregateCall('count', [])]]);
    expect(after(simplifyRule, global)?.[0]).toBe('aggregate: count(*)');
  });

  it('turns NOT around', () => {
    const isNull = {
      kind: 'is-null',
      arg: col(a, 'x'),
      negated: false,
      type: types.boolean,
    } as const;
    expect(after(simplifyRule, filter(a, not(isNull)))?.[0]).toBe('filter x IS NOT NULL');
    expect(after(simplifyRule, filter(a, not(not(op('<', col(a, 'x'), int(1))))))?.[0]).toBe(
      'filter x < 1',
    );
  });
});

describe('push-filter', () => {
  it('splits a condition over the sides of a join and makes the rest a join condition', () => {
    const both = join('inner', a, b, yes);
    const plan = filter(
      both,
      and(
        op('=', col(both, 'x'), int(1)),
        op('=', col(both, 'z'), int(2)),
        op('=', col(both, 'id'), col(both, 'bid')),
      ),
    );
    expect(after(pushFilterRule, plan)).toEqual([
      'inner join on id = bid',
      '├─ filter x = 1',
      '│  └─ scan table public.a (id, x, y)',
      '└─ filter z = 2',
      '   └─ scan table public.b (bid, z)',
    ]);
  });

  it('leaves a condition on the padded side of an outer join above it', () => {
    const both = join('left', a, b, op('=', col(a, 'id'), col(b, 'bid', 3)));
    const plan = filter(both, {
      kind: 'is-null',
      arg: col(both, 'z'),
      negated: false,
      type: types.boolean,
    });
    expect(after(pushFilterRule, plan)).toBeNull();
  });

  it('passes an aggregate for conditions on its keys only', () => {
    const grouped = aggregate(a, [['x', col(a, 'x')]], [['n', aggregateCall('count', [])]]);
    const plan = filter(
      grouped,
      and(op('=', col(grouped, 'x'), int(1)), op('>', col(grouped, 'n'), int(5))),
    );
    expect(after(pushFilterRule, plan)).toEqual([
      'filter n > 5',
      '└─ aggregate by x: count(*)',
      '   └─ filter x = 1',
      '      └─ scan table public.a (id, x, y)',
    ]);
  });

  it('does not move a volatile condition', () => {
    const renamed = project(a, [['x', col(a, 'x')]]);
    expect(after(pushFilterRule, filter(renamed, op('<', fn('random'), fn('random'))))).toBeNull();
  });

  it('does not pass a limit', () => {
    const first = sort(a, { order: [ascending(col(a, 'x'))], limit: constant(3n, types.bigint) });
    expect(after(pushFilterRule, filter(first, op('=', col(a, 'y'), int(1))))).toBeNull();
  });
});

describe('outer-join', () => {
  const on = op('=', col(a, 'id'), col(b, 'bid', 3));

  it('makes a left join inner when a condition refuses NULLs of the right side', () => {
    const plan = filter(join('left', a, b, on), op('=', col(b, 'z', 3), int(1)));
    expect(after(outerJoinRule, plan)?.[1]).toBe('└─ inner join on id = bid');
  });

  it('keeps the join when the condition lets NULLs pass', () => {
    const lets = or(op('=', col(b, 'z', 3), int(1)), op('=', col(a, 'x'), int(1)));
    expect(after(outerJoinRule, filter(join('left', a, b, on), lets))).toBeNull();
  });

  it('makes a full join one-sided', () => {
    const plan = filter(join('full', a, b, on), op('=', col(a, 'x'), int(1)));
    expect(after(outerJoinRule, plan)?.[1]).toBe('└─ left join on id = bid');
  });
});

describe('join-order', () => {
  it('joins what has an equality first', () => {
    const cross = join('inner', a, b, yes);
    const plan = join(
      'inner',
      cross,
      c,
      and(op('=', col(a, 'x'), col(c, 'cx', 5)), op('=', col(b, 'z', 3), col(c, 'cz', 5))),
    );
    expect(after(joinOrderRule, plan)).toEqual([
      'project id, x, y, bid, z, cid, cx, cz',
      '└─ inner join on z = cz',
      '   ├─ inner join on x = cx',
      '   │  ├─ scan table public.a (id, x, y)',
      '   │  └─ scan table public.c (cid, cx, cz)',
      '   └─ scan table public.b (bid, z)',
    ]);
  });

  it('takes a condition common to all branches out of an OR', () => {
    const key = op('=', col(a, 'id'), int(1));
    const plan = filter(
      a,
      or(and(key, op('=', col(a, 'x'), int(2))), and(op('=', col(a, 'x'), int(3)), key)),
    );
    expect(after(joinOrderRule, plan)?.[0]).toBe('filter id = 1 AND (x = 2 OR x = 3)');
  });

  it('leaves a join as it is written when it has its equality', () => {
    expect(
      after(joinOrderRule, join('inner', a, b, op('=', col(a, 'id'), col(b, 'bid', 3)))),
    ).toBeNull();
  });
});

describe('top-n', () => {
  const numbered = over(a, { partitionBy: [col(a, 'x')], order: [ascending(col(a, 'y'))] }, [
    { name: 'row_number', type: types.bigint },
  ]);
  const number = col(numbered, 'row_number');
  const three = constant(3n, types.bigint);

  it('limits the input of a row number that is compared with a constant', () => {
    expect(after(topNRule, filter(numbered, op('<=', number, three)))).toEqual([
      'over partition by x order by y: row_number()',
      '└─ top-n partition by x order by y limit 3',
      '   └─ scan table public.a (id, x, y)',
    ]);
    expect(after(topNRule, filter(numbered, op('>', three, number)))?.[1]).toContain('limit 2');
  });

  it('does nothing for a lower bound', () => {
    expect(after(topNRule, filter(numbered, op('>=', number, three)))).toBeNull();
  });

  it('does nothing when another window function needs all rows', () => {
    const call = aggregateCall('sum', [col(a, 'y')]).call;
    const mixed = over(a, { partitionBy: [], order: [ascending(col(a, 'y'))] }, [
      { name: 'row_number', type: types.bigint },
      { name: 'sum', type: types.bigint, call },
    ]);
    expect(after(topNRule, filter(mixed, op('<=', col(mixed, 'row_number'), three)))).toBeNull();
  });
});

describe('prune-columns', () => {
  it('reads only what is needed', () => {
    const both = join('inner', a, c, op('=', col(a, 'id'), col(c, 'cid', 3)));
    expect(after(pruneColumnsRule, project(both, [['x', col(a, 'x')]]))).toEqual([
      'project x',
      '└─ inner join on id = cid',
      '   ├─ scan table public.a (id, x)',
      '   └─ scan table public.c (cid)',
    ]);
  });

  it('drops aggregates and window functions that nothing reads, and keeps groups', () => {
    const grouped = aggregate(
      a,
      [['x', col(a, 'x')]],
      [
        ['n', aggregateCall('count', [])],
        ['s', aggregateCall('sum', [col(a, 'y')])],
      ],
    );
    expect(after(pruneColumnsRule, project(grouped, [['n', col(grouped, 'n')]]))).toEqual([
      'project n',
      '└─ aggregate by x: count(*)',
      '   └─ scan table public.a (x)',
    ]);
    const numbered = over(a, { partitionBy: [], order: [] }, [
      { name: 'row_number', type: types.bigint },
    ]);
    expect(after(pruneColumnsRule, project(numbered, [['x', col(a, 'x')]]))).toEqual([
      'project x',
      '└─ scan table public.a (x)',
    ]);
  });

  it('keeps all columns of a set operation', () => {
    const plan: LogicalPlan = {
      kind: 'set',
      op: 'except',
      all: false,
      left: a,
      right: a,
      schema: a.schema,
    };
    expect(after(pruneColumnsRule, project(plan, [['x', col(a, 'x')]]))).toBeNull();
  });
});

describe('merge-projects', () => {
  it('pastes projections into each other and drops those that change nothing', () => {
    const sum = project(a, [['s', op('+', col(a, 'x'), col(a, 'y'))]]);
    const same = project(sum, [['s', col(sum, 's')]]);
    const twice = project(same, [['t', op('*', col(sum, 's'), int(2))]]);
    expect(after(mergeProjectsRule, twice)).toEqual([
      'project t := (x + y) * 2',
      '└─ scan table public.a (id, x, y)',
    ]);
  });

  it('keeps a volatile column where it is computed once', () => {
    const drawn = project(a, [['r', fn('random')]]);
    const twice = project(drawn, [['d', op('-', col(drawn, 'r'), col(drawn, 'r'))]]);
    expect(after(mergeProjectsRule, twice)).toBeNull();
  });
});

describe('drop-distinct', () => {
  it('drops a distinct over rows that have a key', () => {
    const keyed: LogicalPlan = { kind: 'distinct', input: a, schema: a.schema };
    expect(after(dropDistinctRule, keyed)).toEqual(['scan table public.a (id, x, y)']);
    expect(after(dropDistinctRule, { kind: 'distinct', input: b, schema: b.schema })).toBeNull();
  });
});

describe('drop-order and ordered-input', () => {
  const ordered = sort(a, { order: [ascending(col(a, 'y'))] });

  it('keeps the order of the result and drops others', () => {
    expect(after(dropOrderRule, project(ordered, [['x', col(a, 'x')]]))).toBeNull();
    expect(after(dropOrderRule, join('inner', ordered, b, yes))?.[1]).toBe(
      '├─ scan table public.a (id, x, y)',
    );
  });

  it('hands the order of a subselect to aggregates that show it', () => {
    const picked = project(ordered, [
      ['v', col(a, 'x')],
      ['w', col(a, 'y')],
    ]);
    const plan = aggregate(
      picked,
      [],
      [
        ['l', aggregateCall('array_agg', [col(picked, 'v')])],
        ['n', aggregateCall('count', [])],
      ],
    );
    expect(after(orderedInputRule, plan)?.[0]).toBe('aggregate: array_agg(v order by w), count(*)');
  });

  it('hands it to a limit without an order', () => {
    const first = sort(ordered, { limit: constant(2n, types.bigint) });
    expect(after(orderedInputRule, first)?.[0]).toBe('top-n order by y limit 2');
  });
});

describe('fold-limit', () => {
  it('makes a limit a constant', () => {
    const limit = op('+', constant(2n, types.bigint), constant(3n, types.bigint));
    expect(after(foldLimitRule, sort(a, { limit }))?.[0]).toBe('top-n limit 5');
  });
});
