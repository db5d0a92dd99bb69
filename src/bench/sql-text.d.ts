/** SQL files are bundled as text. */
declare module '*.sql' {
  const text: string;
  // What bundlers make of a file of text has a default export and nothing else.
  // eslint-disable-next-line no-restricted-syntax
  export default text;
}
