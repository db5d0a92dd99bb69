/** Words of date text: months, days of the week, and the names they are printed with. */

const monthNames =
  'january february march april may june july august september october november december';
const dayNames = 'sunday monday tuesday wednesday thursday friday saturday';

const months = new Map<string, number>([['sept', 9]]);
monthNames.split(' ').forEach((name, index) => {
  months.set(name, index + 1);
  months.set(name.slice(0, 3), index + 1);
});

const days = new Set<string>('tues wednes weds thur thurs'.split(' '));
for (const name of dayNames.split(' ')) days.add(name).add(name.slice(0, 3));

/** 1 to 12; null when the (lower-case) word is no month. */
export function monthNumber(word: string): number | null {
  return months.get(word) ?? null;
}

export function isDayName(word: string): boolean {
  return days.has(word);
}

/** Jan */
export function shortMonth(month: number): string {
  return capital(monthNames.split(' ')[month - 1]!.slice(0, 3));
}

/** Sun for 0 */
export function shortDay(dayOfWeek: number): string {
  return capital(dayNames.split(' ')[dayOfWeek]!.slice(0, 3));
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
