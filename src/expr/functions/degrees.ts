/**
 * Trigonometry in degrees, exact where the result is a simple number: everything is scaled so that the sine of
 * 30, the cosine of 60 and the tangent of 45 degrees come out as written in textbooks. Arguments are finite.
 */

const perDegree = Math.PI / 180;
const sine30 = Math.sin(30 * perDegree);
const oneMinusCosine60 = 1 - Math.cos(60 * perDegree);
const arcsineOfHalf = Math.asin(0.5);
const arccosineOfHalf = Math.acos(0.5);
const arctangentOfOne = Math.atan(1);

const smallSine = (x: number): number => Math.sin(x * perDegree) / sine30 / 2;
const smallCosine = (x: number): number => 1 - (1 - Math.cos(x * perDegree)) / oneMinusCosine60 / 2;

/** Of 0 to 90 degrees. */
const quarterSine = (x: number): number => (x <= 30 ? smallSine(x) : smallCosine(90 - x));
const quarterCosine = (x: number): number => (x <= 60 ? smallCosine(x) : smallSine(90 - x));

const tangent45 = quarterSine(45) / quarterCosine(45);
const cotangent45 = quarterCosine(45) / quarterSine(45);

/** The angle brought into the first quarter, and in which one it was. */
function quarter(angle: number): { x: number; negative: boolean; below: boolean; left: boolean } {
  const rest = angle % 360;
  const round = Math.abs(rest);
  const below = round > 180;
  const half = below ? 360 - round : round;
  const left = half > 90;
  return { x: left ? 180 - half : half, negative: rest < 0, below, left };
}

// Zero has no sign in the results.
const signed = (value: number, negative: boolean): number => (negative ? -value : value) + 0;

export function sineOfDegrees(angle: number): number {
  const { x, negative, below } = quarter(angle);
  return signed(quarterSine(x), negative !== below);
}

export function cosineOfDegrees(angle: number): number {
  const { x, left } = quarter(angle);
  return signed(quarterCosine(x), left);
}

export function tangentOfDegrees(angle: number): number {
  const { x, negative, below, left } = quarter(angle);
  const value = quarterSine(x) / quarterCosine(x) / tangent45;
  return signed(value, (negative !== below) !== left);
}

export function cotangentOfDegrees(angle: number): number {
  const { x, negative, below, left } = quarter(angle);
  const value = quarterCosine(x) / quarterSine(x) / cotangent45;
  return signed(value, (negative !== below) !== left);
}

function quarterArcsine(x: number): number {
  if (x <= 0.5) return (Math.asin(x) / arcsineOfHalf) * 30;
  return 90 - (Math.acos(x) / arccosineOfHalf) * 60;
}

/** Of a number from -1 to 1, as are arccosines. */
export function arcsineInDegrees(x: number): number {
  return x >= 0 ? quarterArcsine(x) : -quarterArcsine(-x);
}

export function arccosineInDegrees(x: number): number {
  if (x < 0) return 90 + quarterArcsine(-x);
  if (x <= 0.5) return 90 - (Math.asin(x) / arcsineOfHalf) * 30;
  return (Math.acos(x) / arccosineOfHalf) * 60;
}

export function arctangentInDegrees(y: number, x = 1): number {
  return (Math.atan2(y, x) / arctangentOfOne) * 45;
}
